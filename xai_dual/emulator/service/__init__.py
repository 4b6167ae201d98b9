"""What the API does, once and without any wire: plain dataclasses in, plain dataclasses out."""

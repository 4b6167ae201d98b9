"""The official clients against the emulator: what they see is what our client sees for the same request."""

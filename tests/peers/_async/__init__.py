"""Tests of the async clients; `python -m codegen` rewrites them for the sync ones."""

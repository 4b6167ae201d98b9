"""Tests of the async client; `python -m codegen` rewrites them for the sync one."""

"""Every call on both wires, against one emulator: equal results, streams and errors."""

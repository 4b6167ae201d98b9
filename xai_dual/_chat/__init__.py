"""Chat beyond its codecs: the other REST route, values in place of text, what comes of loops of tools."""

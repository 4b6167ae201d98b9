"""Chat as users have it, over gRPC, REST chat completions and REST responses."""

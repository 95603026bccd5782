"""Vector stores through LlamaIndex, as `weaklink bench` opens them: one file per store, found by entry points."""

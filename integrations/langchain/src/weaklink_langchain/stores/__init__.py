"""Vector stores through LangChain, as `weaklink bench` opens them: one file per store, found by entry points."""

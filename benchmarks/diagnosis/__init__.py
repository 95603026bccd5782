"""How often is the step that Weaklink names the right one? `python -m benchmarks.diagnosis --help`."""

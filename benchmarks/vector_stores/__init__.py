"""Vector stores compared: our own runs, and what the comparison is worth."""

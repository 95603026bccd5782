"""How fast the viewer is where it hurts: a list over a million spans, a trace of fifty thousand, a large export."""

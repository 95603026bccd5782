"""Plain text in, sentences, values and units out: what every lexical scorer stands on.

Knows nothing of traces.
"""

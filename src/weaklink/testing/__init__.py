"""Builders for the tests of integrations, scorers and rules: traces out of one line, scores and diagnoses out of words."""

from weaklink.testing.builders import blame, document, scored
from weaklink.testing.hostile import hostile_values
from weaklink.testing.outline import outline
from weaklink.testing.tree import build

__all__ = ["blame", "build", "document", "hostile_values", "outline", "scored"]

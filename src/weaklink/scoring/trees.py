"""Applies small decision trees that ship as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

Tree = float | list[Any]
"""A leaf, or [feature, threshold, tree where the feature is at most the threshold, tree where it is more]."""


def sum_of(trees: Sequence[Tree], features: Mapping[str, float]) -> float:
    """The leaves that `features` reach, added up."""
    return sum(_leaf(tree, features) for tree in trees)


def _leaf(tree: Tree, features: Mapping[str, float]) -> float:
    while isinstance(tree, list):
        name, threshold, low, high = tree
        tree = low if features[name] <= threshold else high
    return tree

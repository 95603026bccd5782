"""What LlamaIndex opens no span for, and a span that stands alone was called by."""

from __future__ import annotations

import sys
from typing import Any

_CALLER = "get_nodes_from_documents"
_FURTHEST = 40


def is_part_of_a_parser(instance: Any) -> bool:
    """Whether a node parser is cutting for another one, as all parsers below a `HierarchicalNodeParser` do.

    It asks one of them for each node, and has itself no span where nothing but `get_nodes_from_documents` is called (core 0.14).
    """
    from llama_index.core.node_parser.interface import NodeParser

    if not isinstance(instance, NodeParser):
        return False
    frame = sys._getframe(1)
    for _ in range(_FURTHEST):
        if frame.f_code.co_name == _CALLER:
            caller = frame.f_locals.get("self")
            if caller is not instance and isinstance(caller, NodeParser):
                return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False

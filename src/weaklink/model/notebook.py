"""How a notebook shows a trace or a diagnosis."""

import sys
from typing import Any


def shown_in_notebook(what: Any) -> str:
    """The HTML for `what`. The report makes it, which lies above the model: the package itself, always loaded, leads there."""
    return str(sys.modules["weaklink"]._notebook_html(what))

"""How the traces fared over time."""

from __future__ import annotations

from typing import Any

from weaklink.report.html.elements import Html


def dashboard_page(figures: Any) -> list[Html]:
    """What stands in the main part."""
    return []

"""How the text report is drawn: how wide, with which characters and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from weaklink.report.clean import shorten, shorten_middle

VERDICT_STYLES: Final[Mapping[str, str]] = {
    "ok": "green", "recovered": "cyan", "degraded": "yellow", "broken": "red", "unknown": "magenta",
}  # fmt: skip
STATUS_STYLES: Final[Mapping[str, str]] = {
    "error": "bold red", "cancelled": "yellow", "interrupted": "cyan", "abandoned": "yellow", "recovered": "green",
    "incomplete": "magenta",
}  # fmt: skip
LABEL_STYLES: Final[Mapping[str, str]] = {
    "supported": "green", "unsupported": "yellow", "contradicted": "red", "abstention": "cyan", "not_a_claim": "dim",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """How wide, and whether without colour and with ASCII drawing."""

    width: int = 80
    plain: bool = True
    everything: bool = False
    """Show the framework's plumbing and every retrieval too."""

    @property
    def ellipsis(self) -> str:
        """What stands where a text was cut."""
        return "..." if self.plain else "…"

    @property
    def bar(self) -> str:
        """The left edge of the verdict."""
        return "|" if self.plain else "▌"

    def short(self, text: str, width: int) -> str:
        """`text` on one line of at most `width` columns."""
        return shorten(text, width, self.ellipsis)

    def short_middle(self, text: str, width: int) -> str:
        """The same, cut in the middle."""
        return shorten_middle(text, width, self.ellipsis)


def score_style(value: float | None) -> str:
    """Green, yellow or red, by the value; nothing for None."""
    if value is None:
        return ""
    return "green" if value >= 0.7 else "yellow" if value >= 0.4 else "red"

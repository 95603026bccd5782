"""Numbers as people read them: scores, times, tokens, ages."""

from math import floor, log10

_UNITS = ((3_600_000_000_000, "h"), (60_000_000_000, "min"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"))
_AGES = ((86_400 * 365, "y"), (86_400 * 7, "w"), (86_400, "d"), (3_600, "h"), (60, "min"))


def score_text(value: float | None) -> str:
    """A score of 0..1 in three or four characters: ".91", "1.0"; "" for None."""
    if value is None:
        return ""
    return "1.0" if value >= 0.995 else f"{value:.2f}".lstrip("0")


def confidence_text(value: float) -> str:
    """A probability in two digits, never "1.0": nothing here is certain."""
    return ">.99" if value >= 0.995 else f"{value:.2f}".lstrip("0")


def sure_text(verdict: str, confidence: float) -> str:
    """How sure a diagnosis is, in words; of an unknown verdict its number says how strong the strongest doubt is, not how sure."""
    return "not sure" if verdict == "unknown" else f"confidence {confidence_text(confidence)}"


def duration_text(nanoseconds: int | None) -> str:
    """A duration with two or three digits and its unit: "1.4 s", "230 ms"; "" for None."""
    if nanoseconds is None:
        return ""
    for size, unit in _UNITS:
        if nanoseconds >= size * 0.9995:  # 999,998 ns are 1.0 ms, not 1000 us
            value = nanoseconds / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{nanoseconds} ns"


def count_text(count: int | None) -> str:
    """A number of tokens: "532", "12.4k"; "" for None."""
    if count is None:
        return ""
    if count < 10_000:
        return f"{count}"
    return f"{count / 1_000:.1f}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def cost_text(usd: float | None) -> str:
    """Dollars: "$0.0042", "$1.20", "$1,340"; "" for None."""
    if usd is None:
        return ""
    if usd >= 100 or usd == 0:
        return f"${usd:,.0f}"
    return f"${usd:.2f}" if usd >= 0.1 else f"${usd:.{1 - floor(log10(usd))}f}"


def age_text(start_ns: int, now_ns: int) -> str:
    """How long ago: "12 s", "5 min", "3 d"."""
    seconds = max(0, now_ns - start_ns) // 1_000_000_000
    for size, unit in _AGES:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def share_text(share: float | None) -> str:
    """A share of 0..1 in percent; "" for None. Only all of it is 100 %, only nothing is 0 %."""
    if share is None:
        return ""
    percent = round(share * 100)
    return f"{min(99, max(1, percent)) if 0 < share < 1 else percent}%"


def plain_number(value: float | None) -> str:
    """A store's own score, in its own unit, with three significant digits; "" for None."""
    if value is None:
        return ""
    return f"{value:.3f}" if 0.001 <= abs(value) < 100 or value == 0 else f"{value:.3g}"


def bytes_text(size: int) -> str:
    """A size on disk: "84 kB", "1.2 MB"."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit in ("B", "kB") or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{size} B"

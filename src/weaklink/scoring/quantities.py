"""Numbers with a unit of measure: "110 minutes" is "1 hour 50 minutes", and "312 feet" is not "312 metres"."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from weaklink.scoring.bounds import rounds
from weaklink.scoring.text.lexicon import ORDINALS
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token


class Quantity(NamedTuple):
    """A number and what it measures."""

    dimension: str
    """"time", "length", ...; what has one dimension can be converted."""
    size: float
    """In the base unit of the dimension."""
    number: Token
    unit: Token


_SIZES: dict[str, dict[str, float]] = {
    "time": {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800},
    "calendar": {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200},
    "length": {
        "millimetre": 0.001, "centimetre": 0.01, "metre": 1, "kilometre": 1000, "inch": 0.0254, "foot": 0.3048,
        "yard": 0.9144, "mile": 1609.344,
    },
    "mass": {"milligram": 0.001, "gram": 1, "kilogram": 1000, "tonne": 1e6, "ounce": 28.3495},
    "volume": {"millilitre": 0.001, "litre": 1, "gallon": 3.78541, "pint": 0.473176},
    "data": {"kilobyte": 1e-6, "megabyte": 0.001, "gigabyte": 1, "terabyte": 1000},
    "power": {"watt": 1, "kilowatt": 1000, "megawatt": 1e6},
    "frequency": {"hertz": 1, "kilohertz": 1e3, "megahertz": 1e6, "gigahertz": 1e9},
    "temperature": {"celsius": 1, "fahrenheit": 1},
    "speed": {"m/s": 1, "km/h": 1 / 3.6, "mph": 0.44704},
}  # fmt: skip
_UNITS = {stem(name): (dimension, name, size) for dimension, sizes in _SIZES.items() for name, size in sizes.items()}
HALF = stem("half")
_COUNTED_ON_FINGERS = 10
_ALWAYS = frozenset({"24", "7"})
_EACH = ("per", "a", "an", "each", "every")
_WORD = stem("words")
_KNOWN = {
    ("12", stem("months")), ("24", stem("hours")), ("52", stem("weeks")), ("60", stem("minutes")), ("60", stem("seconds")),
    ("7", stem("days")), ("365", stem("days")), ("100", "%"),
}  # fmt: skip
_PER = {("m", "s"): "m/s", ("km", "h"): "km/h", ("kilometre", "hour"): "km/h", ("metre", "second"): "m/s"}
_PER_STEMS = {(stem(one), stem(other)): name for (one, other), name in _PER.items()}
_CLOSE = 0.005
"""Relative difference up to which two sizes are one: "6.5 km" is "4 miles" to nobody, "30 cm" is "0.3 m"."""
_DEGREES = 3.0
"""Difference up to which two temperatures are one: cooks write 350 °F as 175 °C, which is 347."""


def quantities_of(tokens: Sequence[Token]) -> list[Quantity]:
    """The quantities among `tokens`, in order; "1 hour 50 minutes" stands there in its two parts and as one."""
    found: list[tuple[int, Quantity]] = []
    for place, token in enumerate(tokens):
        is_number = (token.kind == "number" and not token.unit) or token.value == HALF
        if is_number and (quantity := _at(tokens, place)):
            before = found[-1] if found else None
            found.append((place, quantity))
            if before and before[1].dimension == "time" == quantity.dimension and before[1].size > quantity.size:
                between = tokens[before[0] + 2 : place]
                if all(word.surface.lower() == "and" for word in between):
                    whole = before[1]._replace(size=before[1].size + quantity.size)
                    found.append((place, whole))
    return [quantity for _, quantity in found]


def _at(tokens: Sequence[Token], place: int) -> Quantity | None:
    behind = [token for token in tokens[place + 1 : place + 4] if not token.surface.lower().startswith("degree")]
    if tokens[place].kind == "word":  # "half an hour"
        behind = behind[1:] if behind and behind[0].surface.lower() in ("a", "an") else []
    if not behind or behind[0].kind != "word":
        return None
    per = _PER_STEMS.get((behind[0].value, behind[1].value)) if len(behind) > 1 else None
    unit = _UNITS.get(per or behind[0].value)
    if unit is None:
        return None
    dimension, name, size = unit
    value = 0.5 if tokens[place].kind == "word" else float(tokens[place].value)
    if name == "fahrenheit":
        value = (value - 32) * 5 / 9
    return Quantity(dimension, value * size, tokens[place], behind[0])


def same(one: Quantity, other: Quantity, shares: tuple[float, float] | None = None) -> bool:
    """The two measure the same and are equally large; with `shares` the second is between these shares of the first."""
    if shares and one.dimension == other.dimension:
        return shares[0] * one.size <= other.size <= shares[1] * one.size
    close = (
        _DEGREES if one.unit.value != other.unit.value and one.dimension == "temperature" else _CLOSE * abs(other.size)
    )
    return one.dimension == other.dimension and abs(one.size - other.size) <= close + 1e-12


def is_figure(token: Token, tokens: Sequence[Token]) -> bool:
    """A number that is looked up, not counted on the fly: of a measure, with decimals, above ten, or a label ("floor 7").

    "3rd" is none, nor is what everybody knows ("12 months"), nor the length of the text itself ("in 80 words").
    """
    if token.kind != "number" or is_ordinal(token):
        return False
    counts = counted(tokens, token)
    round_the_clock = token.value in _ALWAYS and {other.value for other in tokens} >= _ALWAYS
    if round_the_clock or counts == _WORD or (token.value, counts) in _KNOWN:
        return False
    of_measure = bool(token.unit) or counts in _UNITS
    return of_measure or not counts or "." in token.value or float(token.value) > _COUNTED_ON_FINGERS


def spelt_like(tokens: Sequence[Token], known: Sequence[Quantity]) -> Iterator[tuple[Token, Token]]:
    """Tokens of quantities that `known` has in another spelling, each with the token that stands for it there."""
    spelt = {(item.number.value, item.unit.value) for item in known}
    for quantity in quantities_of(tokens):
        if (quantity.number.value, quantity.unit.value) in spelt:
            continue
        shares = rounds(tokens, quantity.number)
        like = next((item for item in known if same(quantity, item, shares)), None)
        if like is not None:
            yield quantity.number, like.number
            yield quantity.unit, like.unit


def counted(tokens: Sequence[Token], number: Token) -> str:
    """What a number counts: its own unit, else the next content word within three tokens; ""."""
    place = next((at for at, token in enumerate(tokens) if token is number), len(tokens))
    if number.unit:
        return number.unit
    for token in tokens[place + 1 : place + 4]:
        if token.surface.lower() in _EACH:
            return ""  # "120 per minute" are no minutes
        if token.content:
            return token.value if token.kind == "word" else ""
    return ""


def is_ordinal(token: Token) -> bool:
    """ "third" or "3rd": it counts nothing."""
    lower = token.surface.lower()
    return lower in ORDINALS or (lower[:1].isdigit() and lower.endswith(("st", "nd", "rd", "th")))


def is_year(token: Token) -> bool:
    """A number that reads like a year."""
    value = token.value
    return len(value) == 4 and value.isdigit() and value[:2] in ("18", "19", "20") and not token.unit

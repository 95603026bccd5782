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
_NAMED = {stem(name): (dimension, name, size) for dimension, sizes in _SIZES.items() for name, size in sizes.items()}
_FOREIGN = {
    "second": "sekunde sekunden segundo segundos seconde secondes", "minute": "minuten minuto minutos",
    "hour": "stunde stunden hora horas heure heures", "day": "tag tage tagen día días jour jours",
    "week": "woche wochen semana semanas semaine semaines", "month": "monat monate monaten mes meses mois",
    "year": "jahr jahre jahren año años ans année années",
}  # fmt: skip
_UNITS = _NAMED | {stem(word): _NAMED[stem(name)] for name, words in _FOREIGN.items() for word in words.split()}
_HALF, _QUARTER = stem("half"), stem("quarter")
PARTS = frozenset({_HALF, _QUARTER})
"""Words for a part of an hour or another unit: "half an hour", "three quarters of an hour"."""
_ARTICLES = frozenset({"a", "an", "un", "una", "une", "ein", "eine", "einen", "einem", "einer", "eines"})
_WHOLE_AFTER = frozenset(
    [
        "for",
        "within",
        "after",
        "than",
        "lasts",
        "least",
        "most",
        "exactly",
        "innerhalb",
        "binnen",
        "nach",
        "für",
        "als",
        "tienes",
        "tiene",
        "durante",
        "tras",
        "pendant",
        "après",
    ]
)
"""Before an article these tell that it counts: "within a year"; "6 euros a day" is a rate."""
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
        is_number = (
            not token.unit
            if token.kind == "number"
            else token.value in PARTS or (token.surface in _ARTICLES and _counts_one(tokens, place))
        )
        if is_number and (quantity := _at(tokens, place)):
            before = found[-1] if found else None
            found.append((place, quantity))
            if before and before[1].dimension == "time" == quantity.dimension and before[1].size > quantity.size:
                between = tokens[before[0] + 2 : place]
                if all(word.surface.lower() == "and" for word in between):
                    whole = before[1]._replace(size=before[1].size + quantity.size)
                    found.append((place, whole))
    return [quantity for _, quantity in found]


def field_quantity(tokens: Sequence[Token]) -> Quantity | None:
    """The quantity of a field that is named after its unit: "minutes: 45"."""
    if len(tokens) != 2 or tokens[1].kind != "number" or tokens[0].value not in _UNITS:
        return None
    return _at((tokens[1], tokens[0]), 0)


def counts_one(tokens: Sequence[Token]) -> bool:
    """An article among the tokens counts what stands behind it: "within a year"."""
    return any(token.surface in _ARTICLES and _counts_one(tokens, place) for place, token in enumerate(tokens))


def _counts_one(tokens: Sequence[Token], place: int) -> bool:
    behind = tokens[place + 1 : place + 2]
    return (
        place > 0 and tokens[place - 1].surface.lower() in _WHOLE_AFTER and bool(behind) and behind[0].value in _UNITS
    )


def _at(tokens: Sequence[Token], place: int) -> Quantity | None:
    number = tokens[place]
    behind = [token for token in tokens[place + 1 : place + 5] if not token.surface.lower().startswith("degree")]
    value = float(number.value) if number.kind == "number" else 1.0
    if number.value == _HALF:  # "half an hour"
        value, behind = 0.5, behind[1:] if behind and behind[0].surface.lower() in ("a", "an") else []
    elif number.value == _QUARTER:  # "a quarter of an hour"
        is_one = place == 0 or tokens[place - 1].kind != "number"
        value, behind = 0.25, behind[2:] if is_one and _is_part(behind) else []
    elif behind and behind[0].value == _QUARTER and _is_part(behind[1:]):  # "three quarters of an hour"
        value, behind = value / 4, behind[3:]
    if not behind or behind[0].kind != "word":
        return None
    per = _PER_STEMS.get((behind[0].value, behind[1].value)) if len(behind) > 1 else None
    unit = _UNITS.get(per or behind[0].value)
    if unit is None:
        return None
    dimension, name, size = unit
    if name == "fahrenheit":
        value = (value - 32) * 5 / 9
    return Quantity(dimension, value * size, tokens[place], behind[0])


def _is_part(tokens: Sequence[Token]) -> bool:
    return [token.surface.lower() for token in tokens[:2]] == ["of", "an"]


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

# Combines strategies of hypothesis, whose types say little.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownParameterType=false
"""Values for property tests, made by hypothesis: what may go through a chain, and what may stand in a stored trace.

Needs hypothesis, which is no dependency of Weaklink: pip install hypothesis.
"""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from weaklink.testing.hostile import hostile_values

# Text as it comes from users and parsers: any character, lone surrogates included.
any_text: SearchStrategy[str] = st.text(st.characters(exclude_categories=()))
"""Any string that Python can hold."""

_LONG = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=40), st.integers(10, 200))
_LEAVES: SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), any_text, _LONG, st.binary(max_size=300), st.complex_numbers(), st.datetimes(),
    st.dates(), st.times(), st.timedeltas(timedelta(-999_999), timedelta(999_999)), st.decimals(), st.fractions(), st.uuids(),
)  # fmt: skip
_KEYS: SearchStrategy[Any] = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=8), st.integers(), st.booleans(), st.none(), st.just(datetime.max),
    st.sampled_from(["$type", "$weaklink.text", "$weaklink.value", "lc", "__class__", "api_key", "messages", "documents", "content"]),
)  # fmt: skip


def _containers(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4), st.tuples(inner, inner),
        st.sets(st.integers() | st.text(max_size=8), max_size=4), st.frozensets(st.booleans()),
        st.builds(SimpleNamespace, a=inner), st.builds(ValueError, inner),
    )  # fmt: skip


def anything(*more: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Python values of any shape, and what `more` makes among them: documents or messages of a framework."""
    return st.recursive(st.one_of(_LEAVES, *more), _containers, max_leaves=12)


def hostile() -> SearchStrategy[Any]:
    """The values of `hostile_values()`, a new one each time, but those that take more than a megabyte."""
    large = {
        "list of 2 million",
        "dict of 300,000",
        "text of 50 MB",
        "bytes of 50 MB",
        "50,000 long texts",
        "int of 100,000 digits",
    }
    makers = [make for name, make in hostile_values().items() if name not in large]
    return st.sampled_from(makers).map(lambda make: make())


def json_values() -> SearchStrategy[Any]:
    """What JSON can say, and a stored span can hold."""
    return st.recursive(
        st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    )  # fmt: skip

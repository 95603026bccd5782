"""The messages of a history: stored once, however many steps were given them, and read back as they were."""

from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weaklink.model import Trace
from weaklink.snapshot import LONG_TEXT
from weaklink.store.codec import VALUE_REF
from weaklink.store.sqlite import SQLiteStore
from weaklink.testing import build

LONG = "What the tool found, at length. " * 20
SECRET = "sk-proj-" + "aB3dE5gH7jK9" * 4


def message(number: int, content: Any = "short", **more: Any) -> dict[str, Any]:
    return {"$type": "message", "role": "tool", "content": content, "tool_call_id": f"call {number}", **more}


def history(length: int) -> list[dict[str, Any]]:
    return [message(number, LONG if number % 3 == 0 else "short") for number in range(length)]


def agent(turns: int, trace_id: int = 1, **first: Any) -> Trace:
    names = [f"turn{number}" for number in range(turns)]
    messages = [{**message(0), **first}, *history(turns + 5)[1:]]
    payloads: dict[str, Any] = {
        name: {"input": messages[: number + 5], "output": messages[: number + 6]} for number, name in enumerate(names)
    }
    return build(
        f"agent:chain > {', '.join(f'{name}:chain' for name in names)}", "Who?", "Ada.", trace_id=trace_id, **payloads
    )


def texts(path: Path) -> list[str]:
    return [row[0] for row in apsw.Connection(str(path)).execute("SELECT content FROM texts")]


def test_a_message_that_many_steps_were_given_is_stored_once(store: SQLiteStore, store_path: Path):
    trace = agent(40)
    store.write([trace])
    store.write([agent(40, trace_id=2)])
    assert store.get(trace.id) == trace
    assert sum("call 7" in text for text in texts(store_path)) == 1
    cells = apsw.Connection(str(store_path)).execute("SELECT sum(length(input) + length(output)) FROM spans").get
    assert cells < 2 * 40 * 2 * 45 * 35  # 35 characters for each message in the place of 90 and more


def test_the_messages_of_a_prompt_stand_where_they_are_used(store: SQLiteStore, store_path: Path):
    trace = build("rag:chain > llm", "Who?", "Ada.", llm={"input": [message(1), message(2)]})
    store.write([trace])
    assert (store.get(trace.id), texts(store_path)) == (trace, [])


def test_messages_go_with_the_last_trace_that_needs_them(store: SQLiteStore, store_path: Path):
    first, second = agent(3), agent(9, trace_id=2)
    store.write([first, second])
    store.write([first])  # once more, which releases nothing
    assert store.prune(keep=1) == 1
    assert store.get(second.id) == second
    assert store.prune(keep=0) == 1
    assert texts(store_path) == []


def test_what_replaces_a_trace_needs_only_its_own_messages(store: SQLiteStore, store_path: Path):
    store.write([agent(9)])
    other = agent(9, name="other")
    store.write([other])
    assert store.get(other.id) == other
    assert sum('"call 0"' in text for text in texts(store_path)) == 1


def test_a_message_that_is_gone_is_shown_as_lost(store: SQLiteStore, store_path: Path):
    trace = agent(1)
    store.write([trace])
    store.close()
    apsw.Connection(str(store_path)).execute("DELETE FROM texts")
    assert store.get(trace.id).spans[1].input == [{"$type": "lost value"}] * 5


@pytest.mark.parametrize(
    "first",
    [
        {"content": f"the key is {SECRET}"},
        {"content": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg"},
        {"content": "", "tool_calls": [{"name": "login", "args": {"note": f"password={SECRET}"}, "id": "1"}]},
        {"artifact": {"headers": [f"Authorization: Bearer {SECRET}"]}},
        {"content": LONG + SECRET},
    ],
)
def test_no_secret_in_a_history_reaches_the_disk(store: SQLiteStore, store_path: Path, first: dict[str, Any]):
    trace = agent(3, **first)
    store.write([trace])
    store.close()
    for file in store_path.parent.iterdir():
        data = file.read_bytes()
        assert SECRET.encode() not in data
        assert b"MIIEvQIBADANBg" not in data
    read = store.get(trace.id).spans[1].input
    assert (read[1:], "[redacted]" in str(read[0])) == (list(trace.spans[1].input)[1:], True)


def test_text_that_looks_like_a_reference_to_a_value_is_text(store: SQLiteStore):
    odd = [message(number, {VALUE_REF: number}) for number in range(5)]
    trace = build(
        "chain", chain={"input": {VALUE_REF: 1}, "output": {"a": [{VALUE_REF: [1]}, {VALUE_REF: "1"}], "b": odd}}
    )
    store.write([trace])
    assert store.get(trace.id) == trace


def test_a_history_inside_a_message_of_a_history_comes_back(store: SQLiteStore, store_path: Path):
    inner = [message(number, artifact=history(7)) for number in range(6)]
    trace = build("chain", chain={"input": [message(number, artifact=inner) for number in range(5)]})
    store.write([trace])
    assert store.get(trace.id) == trace
    store.prune(keep=0)
    assert texts(store_path) == []


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["", "a", LONG, LONG[: LONG_TEXT + 1], '\u00e9 \\ "']),
    lambda inner: (
        st.lists(inner, max_size=7)
        | st.dictionaries(st.sampled_from(["$type", VALUE_REF, "$weaklink.text", "content", "a"]), inner, max_size=3)
        | st.builds(message, st.integers(0, 3), inner)
    ),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.lists(st.builds(message, st.integers(0, 3), anything) | anything, max_size=9), again=anything)
def test_any_history_comes_back_as_it_was(store: SQLiteStore, value: list[Any], again: Any):
    trace = build("chain > llm", chain={"input": value, "output": [*value, again]}, llm={"input": value * 2})
    store.write([trace])
    assert store.get(trace.id) == trace
    store.prune(keep=0)

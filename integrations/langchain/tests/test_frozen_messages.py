"""Messages that come again and again: copied once, and never shown otherwise than they are."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompt_values import ChatPromptValue

from weaklink.snapshot import Snapshotter
from weaklink_langchain import convert


def taker() -> Snapshotter:
    return convert.snapshotter(100_000, redact=True)


def call(**args: Any) -> dict[str, Any]:
    return {"name": "search", "args": args, "id": "call-1"}


HISTORY: list[BaseMessage] = [
    SystemMessage("You are careful."),
    HumanMessage("How many days?"),
    AIMessage("", tool_calls=[call(query="days", limit=1)]),
    ToolMessage("27 days", tool_call_id="call-1", status="success"),
    AIMessage("27 days. " * 200),
]


@pytest.mark.parametrize("message", HISTORY, ids=lambda message: type(message).__name__)
def test_a_message_that_comes_again_unchanged_is_copied_once(message: BaseMessage) -> None:
    snapshots = taker()

    first, again = (snapshots.take([message])[0][0] for _ in range(2))

    assert again is first
    assert first == taker().take([message])[0][0]


def test_a_message_with_a_list_as_content_is_copied_each_time() -> None:
    snapshots = taker()
    message = HumanMessage([{"type": "text", "text": "one"}])
    first = snapshots.take([message])[0][0]
    message.content[0]["text"] = "two"  # type: ignore[index]

    assert (first["content"], snapshots.take([message])[0][0]["content"]) == (
        [{"type": "text", "text": "one"}],
        [{"type": "text", "text": "two"}],
    )


def test_an_artifact_is_copied_each_time() -> None:
    snapshots = taker()
    message = ToolMessage("27", tool_call_id="call-1", artifact={"rows": [1]})
    snapshots.take([message])
    message.artifact["rows"].append(2)

    assert snapshots.take([message])[0][0]["artifact"] == {"rows": [1, 2]}


changes = st.sampled_from(
    [("content", "other"), ("name", "other"), ("tool_calls", [call(limit=2)]), ("tool_calls", []), ("status", "error")]
)
arguments = st.dictionaries(st.sampled_from(["limit", "query"]), st.sampled_from([0, 1, 1.0, True, False, None, "1"]))


@settings(max_examples=200, deadline=None)
@given(before=arguments, after=arguments, change=st.none() | changes)
def test_what_is_changed_in_place_is_seen(
    before: dict[str, Any], after: dict[str, Any], change: tuple[str, Any] | None
) -> None:
    snapshots = taker()
    message = AIMessage("x", tool_calls=[call(**before)])
    snapshots.take([message])
    message.tool_calls[0]["args"] = after
    if change is not None:
        message.__dict__[change[0]] = change[1]

    shown = snapshots.take([message])[0][0]

    # 1 == True == 1.0: only what is written shows the difference.
    assert repr(shown) == repr(taker().take([message])[0][0])


def test_a_value_is_not_compared_by_its_own_code() -> None:
    class Equal(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            raise AssertionError("compared")

        def __hash__(self) -> int:
            raise AssertionError("hashed")

    snapshots = taker()
    message = HumanMessage("one")
    snapshots.take([message])
    message.__dict__["content"] = Equal("two")

    (snapshot,), budget = snapshots.take([message])

    assert (snapshot["role"], budget.cut) == ("user", False)
    assert snapshots.take([message])[0][0] is not snapshot


@pytest.mark.parametrize("field", ["tool_calls", "content", "name", "artifact"])
def test_a_field_that_asks_nothing_of_its_value_asks_nothing_of_it_again(field: str) -> None:
    class Touchy:
        def __bool__(self) -> bool:
            raise KeyboardInterrupt

        __len__ = __eq__ = __hash__ = __iter__ = __bool__  # type: ignore[assignment]

    snapshots = taker()
    message = AIMessage("one", tool_calls=[])
    snapshots.take([message])
    message.__dict__[field] = Touchy()

    assert all(snapshots.take([message])[0][0]["role"] == "assistant" for _ in range(2))


def test_a_message_that_is_cut_is_cut_again() -> None:
    snapshots = convert.snapshotter(1_000, redact=True)
    message = HumanMessage("x" * 900)

    snapshot, budget = snapshots.take([message, message])

    assert ([len(item["content"]) for item in snapshot], budget.cut) == ([900, 100], True)
    assert len(snapshots.take([message])[0][0]["content"]) == 900


def test_no_more_than_half_a_million_characters_are_remembered() -> None:
    snapshots = taker()
    first = HumanMessage("a" * 60_000)
    kept = snapshots.take([first])[0][0]
    assert snapshots.take([first])[0][0] is kept

    for letter in "bcdefghij":
        snapshots.take([HumanMessage(letter * 60_000)])

    assert snapshots.take([first])[0][0] is not kept


def test_the_messages_of_a_prompt_are_not_remembered() -> None:
    snapshots = taker()
    prompt = ChatPromptValue(messages=[HumanMessage("How many days?")])

    first, again = (snapshots.take(prompt)[0][0] for _ in range(2))

    assert first == again
    assert first is not again

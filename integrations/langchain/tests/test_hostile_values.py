"""Whatever runs through a chain: the chain's result is the very same object, and nobody waits for the tracer."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from time import thread_time
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableGenerator, RunnableLambda
from langchain_core.tools import StructuredTool, tool

from weaklink.testing import hostile, hostile_values
from weaklink_langchain import WeaklinkCallbackHandler

VALUES = hostile_values()
MOST_MS = 20.0
ENDLESS_IN_LANGCHAIN = ("one list 2 ** 40 times",)
"""It writes out the arguments of tools and the fields of models, traced or not (core 1.7)."""


@pytest.fixture(autouse=True)
def short_hangs(monkeypatch):
    monkeypatch.setattr(hostile, "HANG_S", 0.3)


def keep(value: Any) -> Any:
    return value


async def akeep(value: Any) -> Any:
    return value


def each(values: Any) -> Any:
    yield from values


CHAIN = RunnableLambda(keep, akeep) | RunnableLambda(keep, akeep)


def stream(value: Any, config: Any) -> Any:
    return list(RunnableGenerator(each).stream(value, config))


def finished(run: Callable[[], Any]) -> Any:
    """The result of a coroutine; not as that of a task, whose repr asyncio asks for."""
    found: list[Any] = []

    async def work() -> None:
        found.append(await run())

    asyncio.run(work())
    return found[0]


async def astream(value: Any, config: Any) -> Any:
    return [chunk async for chunk in CHAIN.astream(value, config)]


MODES: dict[str, Callable[[Any, Any], Any]] = {
    "invoke": CHAIN.invoke,
    "ainvoke": lambda value, config: finished(lambda: CHAIN.ainvoke(value, config)),
    "stream": stream,
    "astream": lambda value, config: finished(lambda: astream(value, config)),
    "batch": lambda value, config: CHAIN.batch([value, value], config),
}


def outcome(run: Callable[[Any, Any], Any], value: Any, config: Any) -> Any:
    """What came of it: LangChain itself looks at some values, and dies of them without us too."""
    try:
        found = run(value, config)
    except BaseException as error:
        return type(error)
    return [id(item) for item in found] if type(found) is list and found is not value else id(found)


def is_same(run: Callable[[Any, Any], Any], value: Any, handler: Any) -> bool:
    return outcome(run, value, {"callbacks": [handler]}) == outcome(run, value, {})


@pytest.mark.parametrize("mode", MODES)
def test_a_hostile_value_passes_a_chain_as_it_does_without_us(mode, handler, recorder, traces):
    different = [name for name, make in VALUES.items() if not is_same(MODES[mode], make(), handler)]

    assert different == []
    assert recorder.open_spans == 0
    assert recorder.counts().dropped == {}
    assert len(traces()) == len(VALUES) * (2 if mode == "batch" else 1)


class Search(BaseRetriever):
    value: Any = None

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        documents = [Document(query, metadata={"value": self.value}), Document.model_construct(page_content=self.value)]
        documents.append(Document.model_construct(page_content="x", metadata=self.value, id=self.value))
        return documents


class Chat(FakeListChatModel):
    responses: list[str] = [""]
    value: Any = None

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"value": self.value, "model_name": self.value, "tools": self.value}

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        message = AIMessage.model_construct(
            content=self.value, response_metadata={"finish_reason": self.value, "model": self.value}
        )
        return (
            super()
            ._generate(*args, **kwargs)
            .model_copy(
                update={"generations": [_generation(message, self.value)], "llm_output": {"token_usage": self.value}}
            )
        )


def _generation(message: AIMessage, value: Any) -> Any:
    from langchain_core.outputs import ChatGeneration

    return ChatGeneration.model_construct(message=message, text="", generation_info={"stop_reason": value})


def call_tool(value: Any, config: Any) -> Any:
    seen: list[Any] = []

    def take(word: Any) -> Any:
        seen.append(word)
        return value

    StructuredTool.from_function(take, name="take", description="takes").invoke({"word": value}, config)
    return seen


def call_raising(value: Any, config: Any) -> Any:
    def fail(_: Any) -> Any:
        raise LookupError(value)

    try:
        RunnableLambda(fail).invoke("x", config)
    except LookupError as error:
        return list(error.args)


def call_event(value: Any, config: Any) -> Any:
    from langchain_core.callbacks.manager import dispatch_custom_event

    return RunnableLambda(lambda _: dispatch_custom_event("event", value)).invoke("x", config)


def call_search(value: Any, config: Any) -> Any:
    return [document.metadata.get("value") for document in Search.model_construct(value=value).invoke("x", config)[:1]]


def call_chat(value: Any, config: Any) -> Any:
    message = Chat.model_construct(
        responses=[""], value=value, i=0, sleep=None, cache=False, disable_streaming=False
    ).invoke("x", config)
    return [message.content]


def call_with_metadata(value: Any, config: Any) -> Any:
    names = (
        "mine",
        "langgraph_node",
        "ls_integration",
        "langgraph_step",
        "langgraph_checkpoint_ns",
        "ls_model_name",
        "lc_agent_name",
    )
    return CHAIN.invoke("x", {**config, "metadata": dict.fromkeys(names, value)})


PLACES = {
    "the arguments of a tool": call_tool,
    "the arguments of an exception": call_raising,
    "an event of the user's own": call_event,
    "a document and its metadata": call_search,
    "a message and its parameters": call_chat,
    "the metadata of a run": call_with_metadata,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_value_passes_as_it_does_without_us_in(place, handler, recorder, traces):
    values = {name: make for name, make in VALUES.items() if name not in ENDLESS_IN_LANGCHAIN}
    different = [name for name, make in values.items() if not is_same(PLACES[place], make(), handler)]

    assert different == []
    assert recorder.counts().dropped == {}
    assert traces()


@pytest.mark.parametrize("text", ["hostile text", "lone surrogate", "nul", "control characters"])
def test_a_name_or_a_tag_may_be_any_text(text, handler, recorder, traces):
    class Loud(str):
        __hash__ = str.__hash__
        __repr__ = startswith = removeprefix = encode = hostile.raises(hostile.Touched)  # type: ignore[assignment]

    value = Loud("text") if text == "hostile text" else VALUES[text]()

    assert CHAIN.invoke("x", {"callbacks": [handler], "run_name": value, "tags": [value]}) == "x"

    assert traces()[0].status == "ok"
    assert recorder.counts().dropped == {}


def events_with(value: Any, handler: WeaklinkCallbackHandler) -> list[Callable[[], Any]]:
    """Calls of the handler, one for each kind of event, with `value` in it."""
    run_id = uuid4()
    return [
        lambda: handler.on_chain_start({}, value, run_id=run_id, name="chain", metadata={"value": value}),
        lambda: handler.on_custom_event("event", value, run_id=run_id),
        lambda: handler.on_tool_start(
            {}, "", run_id=uuid4(), parent_run_id=run_id, inputs={"value": value}, name="tool"
        ),
        lambda: handler.on_chain_error(LookupError(value), run_id=run_id, inputs=value),
        lambda: handler.on_retriever_start({}, "x", run_id=run_id),
        lambda: handler.on_retriever_end([Document.model_construct(page_content="", metadata=value)], run_id=run_id),
    ]


def milliseconds(event: Callable[[], Any]) -> float:
    began = thread_time()  # on a busy machine wall time is the others' too
    event()
    return (thread_time() - began) * 1_000


def test_no_event_takes_longer_than_20_ms_whatever_the_value(handler, recorder):
    slow: dict[str, float] = {}
    for name, make in VALUES.items():
        value = make()
        taken = [list(map(milliseconds, events_with(value, handler))) for _ in range(3)]
        if (most := max(map(min, zip(*taken, strict=True)))) > MOST_MS:
            slow[name] = most
    assert slow == {}


def test_a_tool_whose_arguments_cannot_be_checked_shows_why_and_not_the_value(handler, traces):
    @tool
    def take(word: int) -> int:
        """Takes."""
        return word

    value = type("Quoted", (), {"__repr__": lambda self: "what it says of itself"})()
    with pytest.raises(Exception, match="valid integer"):
        take.invoke({"word": [value]}, {"callbacks": [handler]})

    message = traces()[0].root.error.message
    assert "Input should be a valid integer" in message
    assert "what it says of itself" not in message


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=())), st.binary(),
    st.complex_numbers(), st.datetimes(), st.timedeltas(min_value=timedelta(-999), max_value=timedelta(999)), st.decimals(), st.uuids(),
    st.builds(Document, st.text()), st.builds(AIMessage, st.text()),
)  # fmt: skip
KEYS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=5),
    st.integers(),
    st.booleans(),
    st.none(),
    st.just(datetime.max),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4), st.tuples(inner, inner),
        st.frozensets(st.integers() | st.text(), max_size=4),
        st.builds(lambda text, value: Document(text, metadata={"v": value}), st.text(), inner),
    ),
    max_leaves=10,
)  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(values=st.lists(ANYTHING, min_size=10, max_size=20))
def test_whatever_hypothesis_thinks_of_comes_out_as_it_went_in(values, handler, recorder):
    found = CHAIN.batch(values, {"callbacks": [handler]})

    assert [id(item) for item in found] == [id(value) for value in values]
    assert recorder.open_spans == 0
    assert recorder.flush(10)
    assert recorder.counts().dropped == {}

"""R1: whatever goes through a chain, the chain gives the very object that it gives untraced, and no exception of ours."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableGenerator, RunnableLambda

from weaklink.recorder import Recorder
from weaklink.testing import hostile, hostile_values
from weaklink.testing.strategies import anything
from weaklink_langchain import WeaklinkCallbackHandler

A_BATCH = 20


def keep(value: Any) -> Any:
    return value


async def akeep(value: Any) -> Any:
    return value


def each(values: Iterator[Any]) -> Iterator[Any]:
    yield from values


STEPS = RunnableLambda(keep, akeep) | RunnableLambda(keep, akeep)
STREAM = RunnableGenerator(each)


def in_loop(work: Callable[[], Any]) -> Any:
    found: list[Any] = []

    async def run() -> None:
        found.append(await work())  # not the result of a task, whose repr asyncio may ask for

    asyncio.run(run())
    return found[0]


MODES: dict[str, Callable[[list[Any], Any], list[Any]]] = {
    "invoke": lambda values, config: [STEPS.invoke(value, config) for value in values],
    "ainvoke": lambda values, config: [in_loop(lambda one=value: STEPS.ainvoke(one, config)) for value in values[:3]],
    "stream": lambda values, config: [chunk for value in values for chunk in STREAM.stream(value, config)],
    "batch": lambda values, config: STEPS.batch(values, config),
}


def outcome(mode: str, values: list[Any], config: Any) -> Any:
    """The identities of the results; LangChain itself dies of some values, and then what it raises."""
    try:
        return [id(value) for value in MODES[mode](values, config)]
    except BaseException as error:
        return type(error)


def documents(inner: Any) -> Any:
    return st.one_of(
        st.builds(lambda text, value: Document(text, metadata={"v": value}), st.text(), inner),
        st.builds(AIMessage, st.text()), st.builds(HumanMessage, st.text()),
    )  # fmt: skip


def test_generated_and_hostile_values_pass_as_they_do_untraced(
    shared_recorder: Recorder, is_long: bool, monkeypatch: pytest.MonkeyPatch
):
    recorder = shared_recorder
    monkeypatch.setattr(hostile, "HANG_S", 0.3)
    handler = WeaklinkCallbackHandler(recorder.path)
    seen: Counter[str] = Counter()
    different: list[Any] = []
    modes = list(MODES)

    def compare(mode: str, values: list[Any], name: str) -> None:
        seen[name] += len(values[:3] if mode == "ainvoke" else values)
        if outcome(mode, values, {"callbacks": [handler], "metadata": {"v": values[0]}}) != outcome(mode, values, {}):
            different.append((mode, name))

    @settings(
        max_examples=6_600 if is_long else 40, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(anything(documents(st.text() | st.floats())), min_size=A_BATCH, max_size=A_BATCH))
    def generated(values: list[Any]) -> None:
        compare(modes[seen["batches"] % len(modes)], values, "generated")
        seen["batches"] += 1
        if recorder.counts().pending > 5_000:
            recorder.flush(60)

    generated()
    corpus = hostile_values()
    names = list(corpus) if is_long else list(corpus)[::3]
    for mode in modes:
        for name in names:
            compare(mode, [corpus[name]()], name)
    assert recorder.flush(60)
    counts = recorder.counts()
    print(f"R1: {len(different)} differences in {seen['generated']:,} generated inputs and {len(names)} hostile objects x {len(modes)} "
          f"modes; {sum(counts.dropped.values())} of {counts.emitted:,} records lost")  # fmt: skip
    assert different == []
    assert counts.dropped == {}
    assert recorder.open_spans == 0

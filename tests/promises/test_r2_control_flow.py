"""R2: what the user's program controls itself with passes as it does untraced, and is not shown as a failure of a step."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableGenerator, RunnableLambda, RunnableParallel
from langgraph.errors import GraphInterrupt

from weaklink.recorder import Recorder
from weaklink.store import open_store
from weaklink_langchain import WeaklinkCallbackHandler

STEPS = 5
AWAITS = 3
SIGNALS: tuple[type[BaseException], ...] = (
    KeyboardInterrupt,
    SystemExit,
    asyncio.CancelledError,
    GeneratorExit,
    GraphInterrupt,
)
IN_A_LOOP = (asyncio.CancelledError, GraphInterrupt)
"""The others end the loop itself."""
# A step that is closed because its ancestor ended may never have been told.
NO_FAILURE = {"ok", "cancelled", "abandoned", "interrupted", "incomplete"}


def statuses(path: Path) -> Counter[str]:
    store = open_store(path)
    found = Counter(span.status for trace in store.traces(limit=1_000_000) for span in trace.spans)
    store.close()
    return found


async def waiting(value: int) -> int:
    for _ in range(AWAITS):
        await asyncio.sleep(0)
    return value + 1


def waiting_chain() -> Any:
    one = RunnableLambda(lambda value: value, waiting, name="step")
    both = RunnableParallel(left=one, right=one)
    return one | both | RunnableLambda(lambda found: found["left"], afunc=lambda found: waiting(found["left"])) | one


async def cancelled_after(turns: int, config: Any) -> str:
    """How a call ends that is cancelled after so many turns of the loop."""
    task = asyncio.ensure_future(waiting_chain().ainvoke(0, config))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    if not done:
        return "hangs"
    return "cancelled" if task.cancelled() else type(task.exception()).__name__ if task.exception() else "done"


def raising(signal: type[BaseException], at: int) -> Any:
    """A chain whose step with this number raises."""

    def step(number: int) -> Any:
        def run(value: Any) -> Any:
            if number == at:
                raise signal()
            return value

        async def arun(value: Any) -> Any:
            return run(value)

        return RunnableLambda(run, arun, name=f"step {number}")

    chain = step(0)
    for number in range(1, STEPS):
        chain = chain | step(number)
    return chain


def ways_of(signal: type[BaseException]) -> dict[str, Callable[[Any, Any], Any]]:
    """How to run a chain in which this is raised."""
    ways: dict[str, Callable[[Any, Any], Any]] = {
        "invoke": lambda chain, config: chain.invoke("x", config),
        "batch": lambda chain, config: chain.batch(["x"], config),
    }
    if signal is not GeneratorExit:  # out of a step in a stream LangChain makes an UnboundLocalError of it (core 1.7.2)
        ways["stream"] = lambda chain, config: list(chain.stream("x", config))
    if signal in IN_A_LOOP:
        ways["ainvoke"] = run_in_loop
    return ways


def left_after(chunks: int, config: Any) -> str:
    """How a stream ends that its reader leaves after so many chunks."""

    def numbers(_: Any) -> Iterator[int]:
        yield from range(10)

    stream = (RunnableLambda(lambda value: value) | RunnableGenerator(numbers)).stream("x", config)
    for _ in range(chunks):
        next(stream)
    stream.close()
    return "left"


def ending(work: Callable[[], Any]) -> str:
    try:
        work()
    except BaseException as error:
        return type(error).__name__
    return "done"


def run_in_loop(chain: Any, config: Any) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(chain.ainvoke("x", config))
    finally:
        loop.close()


def test_control_flow_passes_at_every_point_and_is_no_failure(shared_recorder: Recorder, is_long: bool):
    recorder = shared_recorder
    traced = {"callbacks": [WeaklinkCallbackHandler(recorder.path)]}
    points = 0
    different: list[Any] = []

    def compare(name: str, run: Callable[[Any], str]) -> None:
        nonlocal points
        points += 1
        if (with_us := run(traced)) != (without := run({})):
            different.append((name, with_us, without))

    async def cancel_everywhere() -> None:
        nonlocal points
        for turns in range(60):
            for _ in range(12 if is_long else 1):
                points += 1
                if (with_us := await cancelled_after(turns, traced)) != (without := await cancelled_after(turns, {})):
                    different.append((turns, with_us, without))

    asyncio.run(cancel_everywhere())
    for signal in SIGNALS:
        for name, run in ways_of(signal).items():
            for at in range(STEPS):
                compare(
                    f"{name} {signal.__name__} at {at}",
                    lambda config, run=run, signal=signal, at=at: ending(lambda: run(raising(signal, at), config)),
                )
    for chunks in range(11):
        for _ in range(20 if is_long else 1):
            compare(f"left after {chunks}", lambda config, chunks=chunks: left_after(chunks, config))
    assert recorder.flush(30)
    found = statuses(recorder.path)
    failures = sum(count for status, count in found.items() if status not in NO_FAILURE)
    print(f"R2: {points:,} points of interruption, {len(different)} end otherwise than untraced, {failures} of {sum(found.values()):,} "
          f"steps shown as failed ({', '.join(f'{count} {status}' for status, count in found.most_common())})")  # fmt: skip
    assert different == []
    assert failures == 0
    assert found["cancelled"] > 30
    assert found["interrupted"] > 0
    assert recorder.open_spans == 0

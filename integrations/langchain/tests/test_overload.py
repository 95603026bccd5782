"""More than the writer can take: the chain goes on, memory stays bounded, and what is lost is counted."""

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

from weaklink.recorder import Recorder, recorder_for, registry
from weaklink_langchain import WeaklinkCallbackHandler

MB = 1_048_576
LIMIT = 4 * MB


def search(question: str) -> list[Document]:
    return [Document(f"{question} {number} " * 100) for number in range(4)]


CHAIN = RunnableLambda(search) | RunnableLambda(len)


@pytest.fixture
def small(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A recorder with a small queue."""
    monkeypatch.setenv("WEAKLINK_MAX_QUEUE_BYTES", str(LIMIT))
    found = recorder_for(store)
    yield found
    found.close()
    registry._recorders.pop(found.path)


def test_while_the_store_is_blocked_memory_is_bounded_and_every_step_accounted_for(small, store):
    handler = WeaklinkCallbackHandler(store, strict=True)
    config = {"callbacks": [handler]}
    CHAIN.invoke("warm", config)
    assert handler.flush(10)
    blocker = apsw.Connection(str(store))
    blocker.execute("BEGIN IMMEDIATE")
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    grown: list[float] = []
    for _ in range(4):
        for number in range(800):
            assert CHAIN.invoke(f"{number}", config) == 4
        gc.collect()
        grown.append((tracemalloc.get_traced_memory()[0] - before) / MB)
    tracemalloc.stop()
    blocker.execute("COMMIT")
    assert handler.flush(30)
    counts = small.counts()
    dropped = sum(counts.dropped.values())
    print(f"R5: {max(grown):.1f} MB with the store blocked and a queue of {LIMIT / MB:.0f} MB; R4: {counts.emitted:,} emitted = "
          f"{counts.stored:,} stored + {dropped:,} dropped + {counts.pending} pending")  # fmt: skip
    assert max(grown) < 1.5 * LIMIT / MB
    assert grown[-1] - grown[1] < 0.1 * LIMIT / MB
    assert counts.emitted == counts.stored + dropped >= 3_201 * 3
    assert set(counts.dropped) == {"queue full"}
    assert small.open_spans == 0


def test_a_burst_of_calls_loses_nothing_and_leaves_nothing(handler, recorder):
    for number in range(1_500):
        CHAIN.invoke(f"{number}", {"callbacks": [handler]})
    assert handler.flush(60)
    counts = recorder.counts()
    assert (counts.stored, counts.pending, counts.dropped) == (counts.emitted, 0, {})
    assert recorder.open_spans == recorder.backlog.size == 0
    assert handler._capture._live == {}

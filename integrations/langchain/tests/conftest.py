"""What every test of the handler has: a handler of its own, the traces it stored, and nothing left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from langchain_core.tracers import context as tracers

from weaklink.model import Trace
from weaklink.recorder import Recorder, recorder_for, registry
from weaklink.store import open_store
from weaklink_langchain import WeaklinkCallbackHandler
from weaklink_langchain.context import here, installed, recording


@pytest.fixture(autouse=True)
def nothing_stays_behind() -> Iterator[None]:
    """No hook of ours, no place and no handler outlives a test."""
    yield
    assert here.get() is None
    assert recording.get() is None
    assert installed == []
    assert "weaklink_langchain_installed" not in [hook[0].name for hook in tracers._configure_hooks]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """`last_trace` waits for the writer of a busy machine."""
    monkeypatch.setattr("weaklink_langchain.handler._LAST_TRACE_TIMEOUT_S", 30.0)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the test records."""
    return tmp_path / "traces.db"


@pytest.fixture
def recorder(store: Path) -> Iterator[Recorder]:
    """The recorder of `store`; closed, and forgotten by the process, after the test."""
    found = recorder_for(store)
    yield found
    found.close()
    registry._recorders.pop(found.path)


@pytest.fixture
def handler(store: Path, recorder: Recorder) -> WeaklinkCallbackHandler:
    """A handler that raises its own errors into the test."""
    return WeaklinkCallbackHandler(store, strict=True)


@pytest.fixture
def traces(store: Path, recorder: Recorder) -> Callable[[], list[Trace]]:
    """All traces recorded so far, the oldest first."""

    def read() -> list[Trace]:
        assert recorder.flush(60)
        opened = open_store(store)
        try:
            return [*opened.traces(limit=10_000)][::-1]
        finally:
            opened.close()

    return read

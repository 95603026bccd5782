"""What the tests of recorder, store and promises have: a store of their own, and recorders that end with the test."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from weaklink.recorder import Recorder
from weaklink.settings import Settings

# A shell that starts the tests in the background has them ignore Ctrl-C, and the processes that they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def is_long() -> bool:
    """Promises are measured twice: a short form with each test run, and a long one, minutes each, by `python -m benchmarks.promises`."""
    return os.environ.get("WEAKLINK_PROMISES") == "long"


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """Where the test records."""
    return tmp_path / "weak" / "traces.db"


@pytest.fixture
def new_recorder(store_path: Path) -> Iterator[Callable[..., Recorder]]:
    """Makes recorders of `store_path` (or another path); each is closed after the test."""
    made: list[Recorder] = []

    def make(path: Path | None = None, **settings: object) -> Recorder:
        recorder = Recorder(path or store_path, Settings.model_validate({"flush_interval_ms": 20, **settings}))
        made.append(recorder)
        return recorder

    yield make
    for recorder in made:
        recorder.close(1.0)


@pytest.fixture
def recorder(new_recorder: Callable[..., Recorder]) -> Recorder:
    """A recorder of `store_path`."""
    return new_recorder()

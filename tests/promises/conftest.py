"""What the tests of promises have: the recorder that a handler uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from weaklink.recorder import Recorder, recorder_for, registry


@pytest.fixture
def shared_recorder(store_path: Path) -> Iterator[Recorder]:
    """The recorder that a handler of `store_path` uses; closed, and forgotten by the process, after the test."""
    found = recorder_for(store_path)
    yield found
    found.close()
    registry._recorders.pop(found.path)

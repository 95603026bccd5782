"""A store of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from weaklink.settings import Settings
from weaklink.store.sqlite import SQLiteStore


@pytest.fixture
def store(store_path: Path) -> Iterator[SQLiteStore]:
    """A new store at `store_path`."""
    made = SQLiteStore(store_path, Settings())
    yield made
    made.close()

"""Statements of many rows give what single ones give."""

import pytest

from weaklink.store import SQLiteStore
from weaklink.testing import build


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 137])
def test_each_of_many_spans_of_one_batch_is_stored(store: SQLiteStore, count: int):
    trace = build("root:chain > (" + ", ".join(f"step{number}:chain" for number in range(count)) + ")")
    store.write([trace])
    assert [span.name for span in store.get(trace.id).spans] == [span.name for span in trace.spans]

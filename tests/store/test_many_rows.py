"""Statements of many rows give what single ones give."""

import pytest

from weaklink.store import SQLiteStore
from weaklink.store.whole import fill_with_trace
from weaklink.store.write import Batch
from weaklink.testing import build


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 137])
def test_each_of_many_spans_of_one_batch_is_stored(store: SQLiteStore, count: int):
    trace = build("root:chain > (" + ", ".join(f"step{number}:chain" for number in range(count)) + ")")
    store.write([trace])
    assert [span.name for span in store.get(trace.id).spans] == [span.name for span in trace.spans]


@pytest.mark.parametrize("count", [1, 2, 8, 9, 65, 257, 300])
def test_each_of_many_traces_of_one_batch_is_found_by_its_words_and_no_other(store: SQLiteStore, count: int):
    traces = [
        build("chain", trace_id=number, chain={"input": f"where is w{number}q?", "output": "here"})
        for number in range(count)
    ]

    def fill(batch: Batch) -> None:
        for trace in traces:
            fill_with_trace(batch, trace)

    store.append(fill)
    for number in {0, count // 2, count - 1}:
        assert [found.id for found in store.summaries(f"w{number}q")] == [traces[number].id]
    assert len(store.summaries("here", limit=1_000)) == count
    assert store.summaries("elsewhere") == []

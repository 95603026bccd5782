"""The tree of a trace, also where spans were lost, doubled or tied into circles."""

import pytest
from pydantic import ValidationError

from weaklink.model import Span, Trace, Usage
from weaklink.testing import build


def span(id: str, parent: str | None, start: int = 0, trace: str = "root") -> Span:
    return Span(
        id=id, trace_id=trace, parent_id=parent, name=id, kind="chain", status="ok", start_ns=start, duration_ns=1
    )


def tree(trace: Trace) -> list[tuple[int, str]]:
    return [(depth, step.name) for depth, step in trace.walk()]


def test_a_tree_is_walked_depth_first_and_siblings_by_start():
    trace = build("chain > (retriever > embedding), prompt, llm")
    assert tree(trace) == [(0, "chain"), (1, "retriever"), (2, "embedding"), (1, "prompt"), (1, "llm")]


def test_spans_in_any_order_become_the_same_trace():
    trace = build("chain > (retriever > embedding), prompt, llm")
    assert Trace.of(reversed(trace.spans)) == trace


def test_a_trace_needs_a_span():
    with pytest.raises(ValidationError, match="at least one span"):
        Trace.of([])


def test_spans_whose_parent_was_lost_hang_on_the_root():
    trace = Trace.of([span("root", None), span("a", "lost", 1), span("b", "a", 2), span("c", None, 3)])
    assert tree(trace) == [(0, "root"), (1, "a"), (2, "b"), (1, "c")]
    assert trace.parent(trace.get("a")) == trace.root
    assert [above.name for above in trace.ancestors(trace.get("b"))] == ["a", "root"]


def test_a_span_that_is_there_twice_is_walked_once():
    trace = Trace.of([span("root", None), span("a", "root", 1), span("a", "root", 1), span("b", "a", 2)])
    assert tree(trace) == [(0, "root"), (1, "a"), (2, "b")]
    assert [below.name for below in trace.descendants(trace.root)] == ["a", "b"]


def test_a_trace_whose_root_was_lost_begins_with_its_earliest_span():
    trace = Trace.of([span("b", "root", 2), span("a", "root", 1)])
    assert (trace.root.name, trace.id) == ("a", "root")
    assert tree(trace) == [(0, "a"), (1, "b")]


def test_parents_in_a_circle_do_not_hang():
    trace = Trace.of([span("root", "b"), span("a", "b", 1), span("b", "a", 2), span("c", "c", 3)])
    assert [above.name for above in trace.ancestors(trace.get("a"))] == ["b"]
    assert tree(trace) == [(0, "root"), (1, "c")]
    assert [below.name for below in trace.descendants(trace.get("a"))] == ["b"]


def test_a_chain_of_ten_thousand_steps_is_walked():
    trace = Trace.of([span("root", None), *(span(f"{n}", f"{n - 1}" if n else "root", n + 1) for n in range(10_000))])
    assert max(depth for depth, _ in trace.walk()) == 10_000
    assert sum(1 for _ in trace.ancestors(trace.get("9999"))) == 10_000


def test_the_steps_leave_out_the_plumbing_but_never_the_root():
    trace = build("chain* > (sequence:chain* > retriever), llm")
    assert [step.name for step in trace.steps] == ["chain", "retriever", "llm"]


def test_only_innermost_model_calls_count():
    five, two = {"tokens": (5, 5)}, {"tokens": (1, 2)}
    trace = build("chain > (outer:llm > inner:llm), other:llm", outer=five, inner=five, other=two)
    assert [step.name for step in trace.leaf_llms] == ["inner", "other"]
    assert trace.usage == Usage(input_tokens=6, output_tokens=7)


def test_tokens_that_no_provider_reported_are_unknown_not_zero():
    assert build("chain > llm").usage is None


def test_an_id_that_is_not_in_the_trace_is_a_key_error():
    with pytest.raises(KeyError):
        build("chain").get("nothing")

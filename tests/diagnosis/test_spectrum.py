"""What broken traces share: ranked by Ochiai's coefficient, with the probability that it is chance."""

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklink.diagnosis.spectrum import Observation, Used, observe, spectrum
from weaklink.testing import build, document


def seen(verdict: str, *used: str, start: int = 0) -> Observation:
    things = frozenset(Used("prompt" if name.startswith("fill") else "tool", name) for name in used)
    return Observation(things, verdict, start)  # type: ignore[arg-type]


def test_what_all_broken_traces_and_no_other_used_has_suspicion_1():
    found = spectrum([seen("broken", "search", "calc")] * 5 + [seen("ok", "search")] * 7)
    (only,) = found.shared
    assert (only.used, only.broken, only.fine, only.suspicion) == ((Used("tool", "calc"),), 5, 0, 1.0)
    assert only.chance < 0.01
    assert (found.broken, found.fine, found.undecided) == (5, 7, 0)


def test_the_coefficient_is_that_of_ochiai():
    """17 of 19 broken traces used it, and 2 of 41 others."""
    traces = [seen("broken", "x")] * 17 + [seen("broken")] * 2 + [seen("ok", "x")] * 2 + [seen("ok")] * 39
    (only,) = spectrum(traces).shared
    assert only.suspicion == pytest.approx(17 / sqrt(19 * 19), abs=1e-4)
    assert only.chance < 1e-9


def test_the_more_suspicious_comes_first():
    traces = [seen("broken", "x", "y")] * 6 + [seen("broken", "y")] + [seen("ok", "y")] * 5 + [seen("ok")] * 6
    assert [shared.used[0].label for shared in spectrum(traces).shared] == ["x", "y"]


def test_what_every_trace_used_tells_nothing():
    assert spectrum([seen("broken", "x")] * 5 + [seen("ok", "x")] * 5).shared == ()


def test_what_was_always_used_together_is_one_row():
    (only,) = spectrum([seen("broken", "x", "y")] * 3 + [seen("ok")] * 3).shared
    assert [used.label for used in only.used] == ["x", "y"]


def test_one_broken_trace_proves_nothing():
    assert spectrum([seen("broken", "x")] + [seen("ok")] * 9).shared == ()


def test_a_few_traces_may_share_something_by_chance_and_it_says_so():
    (only,) = spectrum([seen("broken", "x"), seen("broken", "x"), seen("ok"), seen("ok", "y")]).shared
    assert only.chance > 0.1


def test_an_unknown_verdict_is_counted_and_left_out():
    found = spectrum([seen("broken", "x")] * 3 + [seen("unknown", "x")] * 4 + [seen("degraded")] * 3)
    assert (found.broken, found.fine, found.undecided) == (3, 3, 4)
    assert found.shared[0].fine == 0


def test_prompts_are_numbered_in_the_order_in_which_they_were_first_used():
    old = [seen("ok", "fill aaa", start=number) for number in range(4)]
    new = [seen("broken", "fill bbb", start=number + 10) for number in range(4)]
    assert spectrum([*new, *old]).shared[0].used == (Used("prompt", "fill v2 (bbb)"),)


def test_nothing_at_all():
    found = spectrum([])
    assert (found.broken, found.fine, found.shared) == (0, 0, ())


@given(
    st.lists(st.tuples(st.sampled_from(["ok", "broken", "unknown"]), st.sets(st.sampled_from("abcdef"))), max_size=30)
)
@settings(max_examples=100, deadline=None)
def test_suspicion_and_chance_are_shares(traces):
    found = spectrum([seen(verdict, *names) for verdict, names in traces])
    for shared in found.shared:
        assert 0 < shared.suspicion <= 1
        assert 0 <= shared.chance <= 1
        assert 2 <= shared.broken <= found.broken
        assert 0 <= shared.fine <= found.fine


def test_a_trace_is_observed_by_its_steps_prompt_model_index_tool_sources_tags_and_metadata():
    trace = build(
        "app:chain > search:retriever, fill:prompt, calc:tool, write:llm, log:chain*", "Who?", "Ada.",
        app={"tags": ("beta",), "metadata": {"release": "2024-05", "payload": {"a": 1}}},
        search={"input": "Who?", "documents": [document("Ada did it.", "who.md"), "Nobody knows."],
                "attributes": {"store": "Chroma"}, "metadata": {"collection": "people"}},
        fill={"input": {}, "attributes": {"template": "Answer: {question}"}},
        write={"input": "Ada did it. Who?", "output": "Ada.", "model": {"name": "small"}},
    )  # fmt: skip
    used = {(one.dimension, one.label) for one in observe(trace, "ok").used}
    prompt = next(label for dimension, label in used if dimension == "prompt")
    assert prompt.startswith("fill ")
    assert used == {
        ("step", "retrieve (search)"), ("step", "pack (fill)"), ("step", "tool (calc)"), ("step", "generate (write)"),
        ("prompt", prompt), ("model", "small"), ("tool", "calc"), ("index", "store Chroma"), ("index", "collection people"),
        ("document source", "who.md"), ("tag", "beta"), ("metadata", "release=2024-05"),
    }  # fmt: skip

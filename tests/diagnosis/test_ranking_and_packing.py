"""What rerankers drop and reorder, and what packing cuts or leaves empty: broken chains and their healthy twins."""

import pytest

from weaklink.diagnosis import diagnose
from weaklink.testing import build

from .conftest import GOOD, PARKING, QUESTION, SICK, VACATION, prompt_of

REFUSAL = "I don't know, the passages do not say."
CANTEEN = "Canteen: A meal costs 4.80 euros for employees and 7 euros for guests."


def blamed(diagnosis):
    return diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name, diagnosis.failure


def reordered(order, shown, answer):
    found = (VACATION, SICK, PARKING, CANTEEN)
    return build(
        "chain > retriever, reranker, pack_context:prompt, llm", QUESTION, answer,
        retriever={"input": QUESTION, "documents": found},
        reranker={"input": QUESTION, "candidates": found, "documents": order},
        pack_context={"input": {"context": "\n\n".join(shown)}, "output": "\n\n".join(shown)},
        llm={"input": prompt_of(*shown), "output": answer},
    )  # fmt: skip


def test_the_best_passage_moved_behind_the_cut_is_the_rerankers_bad_order():
    order = (CANTEEN, PARKING, SICK, VACATION)
    diagnosis = diagnose(reordered(order, order[:2], REFUSAL))
    assert blamed(diagnosis) == ("broken", "reranker", "bad_order")
    assert diagnosis.evidence[0].at.field == "documents.3"
    assert "from rank 1 to rank 4" in diagnosis.summary


def test_another_order_of_what_is_all_shown_is_ok():
    order = (CANTEEN, PARKING, SICK, VACATION)
    assert diagnose(reordered(order, order, GOOD)).verdict == "ok"


def test_a_budget_says_how_large_it_must_be(chain):
    diagnosis = diagnose(chain(found=(VACATION,), shown=(VACATION[:28],), answer=REFUSAL))
    assert diagnosis.failure == "context_truncated"
    assert f"to {len(VACATION)} characters" in diagnosis.advice


@pytest.mark.parametrize("value", ["", "None", "[]"])
def test_an_empty_variable_of_the_prompt_is_named(value):
    trace = build(
        "chain > retriever, prompt, llm", QUESTION, REFUSAL,
        retriever={"input": QUESTION, "documents": [VACATION]},
        prompt={"input": {"context": value, "question": QUESTION}, "output": f"Context: {value}\n{QUESTION}"},
        llm={"input": prompt_of(value), "output": REFUSAL},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert blamed(diagnosis) == ("broken", "prompt", "empty_variable")
    assert "'context'" in diagnosis.summary


def test_a_placeholder_that_the_model_was_shown_is_an_empty_variable():
    trace = build(
        "chain > retriever, prompt, llm", QUESTION, REFUSAL,
        retriever={"input": QUESTION, "documents": [VACATION]},
        prompt={"input": {"question": QUESTION}, "output": f"Context: {{context}}\n{QUESTION}"},
        llm={"input": prompt_of("{context}"), "output": REFUSAL},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert blamed(diagnosis) == ("broken", "prompt", "empty_variable")
    at = diagnosis.evidence[0].at
    assert (at.field, at.text) == ("input", "{context}")


def test_an_empty_history_and_braces_in_a_passage_are_no_empty_variable():
    code = "Templates: Write {context} where the passages belong, and 28 days of paid vacation per year where the number does."
    trace = build(
        "chain > retriever, prompt, llm", QUESTION, GOOD,
        retriever={"input": QUESTION, "documents": [VACATION, code]},
        prompt={"input": {"context": f"{VACATION}\n{code}", "chat_history": [], "question": QUESTION}, "output": ""},
        llm={"input": prompt_of(VACATION, code), "output": GOOD},
    )  # fmt: skip
    assert diagnose(trace).verdict == "ok"

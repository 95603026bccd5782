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


def test_what_was_cut_behind_a_whole_best_passage_is_a_weaker_reason(chain):
    found, made_up = (VACATION, PARKING, SICK, CANTEEN), "You get 40 days of vacation in Ostmere, paid twice."
    behind = diagnose(chain(found=found, shown=(VACATION,), answer=made_up))
    before = diagnose(chain(found=found, shown=(VACATION[:28],), answer=made_up))
    assert before.failure == "context_truncated"
    assert behind.failure != "context_truncated"
    assert behind.verdict != "ok"


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


def asking_for(prompt, answer, rewritten=""):
    """A search for the question, and a prompt that has something of its own below the passages."""
    text = f"You are the assistant of the people team.\n\n{VACATION}\n\n{SICK}\n\n{prompt}"
    return diagnose(build(
        f"chain > {'translate:llm, ' if rewritten else ''}retriever, prompt, llm", QUESTION, answer,
        retriever={"input": QUESTION, "documents": [VACATION, SICK]},
        prompt={"input": {"context": f"{VACATION}\n\n{SICK}", "topic": prompt}, "output": text},
        llm={"input": [{"$type": "message", "role": "user", "content": text}], "output": answer},
        **({"translate": {"output": rewritten}} if rewritten else {}),
    ))  # fmt: skip


def test_a_prompt_without_the_question_has_another_variable_in_its_place():
    beside = "Whoever is ill reports it before 9 AM, and the office is closed on Sundays."
    diagnosis = asking_for("team handbook", beside)
    assert blamed(diagnosis) == ("broken", "prompt", "context_not_passed")
    assert "question" in diagnosis.summary


def test_a_prompt_with_the_question_in_any_words_or_an_answer_to_it_is_none():
    beside = "Whoever is ill reports it before 9 AM, and the office is closed on Sundays."
    german = "Wie viele Urlaubstage gibt es?"
    found = [asking_for(QUESTION, beside), asking_for(german, beside, german), asking_for("Name the days off.", GOOD)]
    assert all("context_not_passed" not in [suspect.failure for suspect in one.suspects] for one in found)
    assert found[-1].verdict != "broken"


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


def test_an_extract_of_a_passage_counts_as_kept(chain):
    extract = VACATION.removeprefix("Vacation: ").partition(" It is")[0]
    assert diagnose(chain(kept=(extract,))).verdict == "ok"


def test_a_compressor_that_drops_the_passage_and_keeps_an_extract_of_another_is_named(chain):
    extract = PARKING.removeprefix("Parking: ")
    diagnosis = diagnose(chain(kept=(extract,), answer="I could not find that."))
    assert (diagnosis.verdict, diagnosis.failure) == ("broken", "good_document_dropped")


def graded(shown: tuple[str, ...], answer: str):
    """A model says of each passage whether it helps; what it says is not passed on."""
    grades = {
        f"grade{n}": {"input": f"Does it help? {QUESTION}\n{text}", "output": "yes"}
        for n, text in enumerate((VACATION, PARKING))
    }
    return build(
        "chain > retriever, grade0:llm, grade1:llm, llm", QUESTION, answer,
        retriever={"input": QUESTION, "documents": [VACATION, PARKING]},
        llm={"input": prompt_of(*shown), "output": answer},
        **grades,
    )  # fmt: skip


def test_a_model_that_only_grades_the_passages_does_not_pass_them_on():
    diagnosis = diagnose(graded((), "I could not find that."))
    assert (diagnosis.verdict, diagnosis.failure) == ("broken", "context_not_passed")


def test_passages_that_were_graded_and_passed_on_are_ok():
    assert diagnose(graded((VACATION, PARKING), GOOD)).verdict == "ok"


def test_a_cut_chunk_does_not_excuse_that_nothing_reached_the_model(chain):
    cut = VACATION.removesuffix(" ahead.")
    diagnosis = diagnose(chain(found=(cut, PARKING), shown=(), answer="I could not find that."))
    assert (diagnosis.verdict, diagnosis.failure) == ("broken", "empty_variable")


def filtered_inside(kept, answer):
    """A function that searches, hands on a part of what it found, and leaves the packing to the next step."""
    text = "\n\n".join(kept)
    return build(
        "handbook:chain > self_query:chain > retriever, format:chain, llm",
        QUESTION,
        answer,
        self_query={
            "input": {"filter": "canteen.md"},
            "output": [{"$type": "document", "content": one} for one in kept],
        },
        retriever={"input": QUESTION, "documents": (VACATION, SICK, PARKING, CANTEEN)},
        format={"input": [{"$type": "document", "content": one} for one in kept], "output": text},
        llm={"input": prompt_of(text), "output": answer},
    )


def test_a_function_that_drops_what_it_found_itself_is_blamed_and_not_the_step_that_packed_all_it_was_given():
    diagnosis = diagnose(filtered_inside((CANTEEN,), REFUSAL))
    assert (diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name) == ("broken", "self_query")


def test_a_function_that_hands_on_all_that_it_found_is_ok():
    assert diagnose(filtered_inside((VACATION, SICK, PARKING, CANTEEN), GOOD)).verdict == "ok"


def refused(found, answer):
    """A grader that keeps nothing, and a prompt without passages behind it."""
    passages = [{"$type": "document", "content": text, "metadata": {}} for text in found]
    return build(
        "graph:chain > retriever, grade:chain, prompt, llm", QUESTION, answer,
        retriever={"input": QUESTION, "documents": found},
        grade={"input": {"question": QUESTION, "documents": passages}, "output": {"documents": []}},
        prompt={"input": {"context": "", "question": QUESTION}, "output": QUESTION},
        llm={"input": prompt_of(""), "output": answer},
    )  # fmt: skip


def test_a_grader_that_refuses_the_passage_that_answers_is_blamed_and_not_the_empty_prompt():
    assert blamed(diagnose(refused((VACATION, SICK), REFUSAL))) == ("broken", "grade", "good_document_dropped")


def test_a_grader_that_refuses_what_does_not_answer_is_no_suspect():
    named = [suspect.step.name for suspect in diagnose(refused((PARKING, CANTEEN), REFUSAL)).suspects]
    assert named == ["retriever"]


def test_where_nothing_reached_the_model_its_refusal_says_nothing_about_the_search():
    question = "How much can I deduct per day for working from home, and is there a cap?"
    passage = "The home office allowance is 6 euros per day, at most 1,260 euros a year."
    trace = build(
        "chain > retriever, prompt, llm", question, REFUSAL,
        retriever={"input": question, "documents": [passage, PARKING]},
        prompt={"input": {"question": question}, "output": question},
        llm={"input": question, "output": REFUSAL},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert blamed(diagnosis) == ("broken", "prompt", "context_not_passed")

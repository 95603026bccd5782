"""What a model made of the question, and what the index holds: broken chains and their healthy twins."""

import pytest

from weaklink.diagnosis import diagnose
from weaklink.testing import build, document

from .conftest import GOOD, PARKING, QUESTION, SICK, VACATION, prompt_of

REFUSAL = "I don't know, the passages do not say."


def blamed(diagnosis):
    return diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name, diagnosis.failure


def named(diagnosis):
    return [suspect.failure for suspect in diagnosis.suspects if suspect.probability >= 0.2]


def rewriting(query, found, answer, question=QUESTION, root=None):
    return build(
        "chain > rewrite:llm, retriever, llm", question, answer,
        **({"chain": {"input": root, "output": answer}} if root else {}),
        rewrite={"input": f"Rewrite as a query: {question}", "output": query},
        retriever={"input": query, "documents": found},
        llm={"input": prompt_of(*found, question=question), "output": answer},
    )  # fmt: skip


def test_a_query_about_something_else_is_rewrite_drift_and_not_the_retrievers_fault():
    diagnosis = diagnose(rewriting("parking places at the office", [PARKING, SICK], REFUSAL))
    assert blamed(diagnosis) == ("broken", "rewrite", "rewrite_drift")
    assert diagnosis.evidence[0].at.field == "output"
    assert "parking places" in diagnosis.evidence[0].at.text


def test_a_query_in_other_words_that_finds_the_passage_is_ok():
    assert blamed(diagnose(rewriting("vacation days employee", [VACATION, SICK], GOOD))) == ("ok", None, None)


def test_a_query_that_lost_the_subject_is_entity_dropped_and_names_what_it_lost():
    question = "What is the price of a meal in the canteen in Ostmere?"
    diagnosis = diagnose(rewriting("what is the price of a meal", [PARKING, SICK], REFUSAL, question))
    assert blamed(diagnosis) == ("broken", "rewrite", "entity_dropped")
    assert "canteen" in diagnosis.advice
    assert question[diagnosis.evidence[1].at.start : diagnosis.evidence[1].at.end] in ("Ostmere", "canteen")


def test_a_follow_up_whose_subject_the_query_does_not_name_is_entity_dropped():
    said = [
        {"$type": "message", "role": "user", "content": "Tell me about parental leave."},
        {"$type": "message", "role": "assistant", "content": "Gladly. What would you like to know?"},
    ]
    root = {"input": "How long is it?", "chat_history": said}
    trace = rewriting("how long is it", [PARKING, SICK], REFUSAL, "How long is it?", root)
    assert blamed(diagnose(trace))[1:] == ("rewrite", "entity_dropped")


def test_a_follow_up_whose_query_names_the_subject_is_ok():
    leave = "Parental leave: It is 14 months long, and both parents may share it."
    said = [
        {"$type": "message", "role": "user", "content": "Tell me about parental leave."},
        {"$type": "message", "role": "assistant", "content": "Gladly. What would you like to know?"},
    ]
    root = {"input": "How long is it?", "chat_history": said}
    trace = rewriting(
        "length of parental leave", [leave, SICK], "Parental leave is 14 months long.", "How long is it?", root
    )
    assert diagnose(trace).verdict == "ok"


def test_a_passage_cut_inside_the_sentence_that_answers_is_chunk_cut(chain):
    cut = "Vacation: Every employee in the company has per year of paid vacation a number of"
    diagnosis = diagnose(chain(found=(cut, SICK[:40] + " and"), answer=REFUSAL))
    assert blamed(diagnosis) == ("broken", "retriever", "chunk_cut")
    evidence = diagnosis.evidence[0].at
    assert (evidence.field, cut[evidence.start : evidence.end]) == ("documents.0", cut[-60:])
    assert "overlap" in diagnosis.advice


def test_a_cut_passage_that_answers_all_the_same_is_ok(chain):
    assert diagnose(chain(found=(VACATION + " Whoever leaves in the middle of the", SICK))).verdict == "ok"


def test_copies_that_fill_the_places_are_duplicates(chain):
    copies = tuple(f"{PARKING} (copy {n})" for n in range(5))
    diagnosis = diagnose(chain(found=copies, answer=REFUSAL))
    assert blamed(diagnosis)[:2] == ("broken", "retriever")
    assert "duplicates" in named(diagnosis)


def test_a_copy_beside_the_passage_that_answers_is_ok(chain):
    assert "duplicates" not in named(diagnose(chain(found=(VACATION, SICK, SICK, PARKING))))


OLD = "Vacation: Every employee has 24 days of paid vacation per year. It is requested in the calendar two weeks ahead."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (document(OLD, updated="2019-03-01"), document(VACATION, updated="2025-01-01")),
        (document(f"Last updated: 2019-03-01. {OLD}"), document(f"Last updated: 2025-01-01. {VACATION}")),
    ],
)
def test_an_answer_from_the_outdated_version_is_stale_and_from_the_newer_one_it_is_not(chain, old, new):
    followed = diagnose(
        chain(
            found=(old, new),
            shown=(old.content, new.content),
            answer="An employee has 24 days of paid vacation per year.",
        )
    )
    assert blamed(followed) == ("broken", "retriever", "stale")
    assert [evidence.at.field for evidence in followed.evidence] == ["documents.0", "documents.1"]
    assert "stale" not in named(diagnose(chain(found=(old, new), shown=(old.content, new.content), answer=GOOD)))


def test_an_answer_that_only_the_newer_version_denies_is_stale(chain):
    question = "May guests use the canteen of the head office?"
    text = "Canteen: Guests may use the canteen of the head office at noon. A meal costs 4.80 euros."
    old, new = (
        document(text, updated="2019-03-01"),
        document(text.replace("may use", "may not use"), updated="2025-01-01"),
    )
    shown = {"found": (old, new), "shown": (old.content, new.content), "question": question}
    followed = diagnose(chain(**shown, answer="Guests may use the canteen of the head office at noon."))
    assert blamed(followed) == ("broken", "retriever", "stale")
    assert "stale" not in named(
        diagnose(chain(**shown, answer="Guests may not use the canteen of the head office at noon."))
    )


LEAVE = "Parental leave: It is 14 months long, and both parents may share it."
FOUNDED = "Ada Miller founded the company in Ostmere, where she was born."
ABOUT_LEAVE = (("user", "Tell me about parental leave."), ("assistant", "Gladly. What would you like to know?"))
ABOUT_ADA = (("user", "Who founded the company?"), ("assistant", "Ada Miller founded it."))


def following_up(question, query, found, answer, turns):
    said = [{"$type": "message", "role": role, "content": text} for role, text in turns]
    return blamed(diagnose(rewriting(query, found, answer, question, {"input": question, "chat_history": said})))


@pytest.mark.parametrize(
    ("question", "query", "found", "answer", "turns", "failure"),
    [
        ("And for both parents?", "parking places at the office", [PARKING, SICK], REFUSAL, ABOUT_LEAVE, "rewrite_drift"),
        ("How long is it?", "how long", [SICK, PARKING], REFUSAL, ABOUT_LEAVE, "entity_dropped"),
        ("Where was she born?", "Where was Marie Curie born?", ["Marie Curie was born in Warsaw."], "Marie Curie was born in Warsaw.",
         ABOUT_ADA, "rewrite_drift"),
    ],
)  # fmt: skip
def test_a_follow_up_whose_query_leaves_the_topic_breaks_at_the_rewrite(question, query, found, answer, turns, failure):
    assert following_up(question, query, found, answer, turns) == ("broken", "rewrite", failure)


@pytest.mark.parametrize(
    ("question", "query", "found", "answer", "turns"),
    [
        ("And for both parents?", "parental leave for both parents", [LEAVE], "Both parents may share it.", ABOUT_LEAVE),
        ("How long is it?", "time off for new mothers and fathers", [LEAVE, SICK], "Parental leave is 14 months long.", ABOUT_LEAVE),
        ("Where was she born?", "Where was Ada Miller born?", [FOUNDED], "She was born in Ostmere.", ABOUT_ADA),
        (QUESTION, "vacation days per year", [VACATION], GOOD, ABOUT_LEAVE),
    ],
)  # fmt: skip
def test_a_follow_up_whose_query_keeps_the_topic_or_finds_the_passage_is_ok(question, query, found, answer, turns):
    assert following_up(question, query, found, answer, turns) == ("ok", None, None)

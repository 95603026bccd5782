"""What a model made of the question, and what the index holds: broken chains and their healthy twins."""

import pytest

from weaklink.diagnosis import diagnose
from weaklink.testing import build, document, scored

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
    for query in ("how long is it", "How long is it?"):
        trace = rewriting(query, [PARKING, SICK], REFUSAL, "How long is it?", root)
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
FERRIES = ["The Gotland ferry costs 49 euros with a car.", "The Åland ferry costs 35 euros with a car."]
ABOUT_FERRY = (("user", "How long does the Gotland ferry take?"), ("assistant", "3 hours and 15 minutes."))


ABOUT_CLOCKS = (("user", "When is the Museum of Clocks open?"), ("assistant", "From Wednesday to Sunday."))


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
        ("And how much is it with a car?", "How much is the Åland ferry with a car?", FERRIES, "With a car it costs 35 euros.",
         ABOUT_FERRY, "rewrite_drift"),
        ("Can I get in there with a wheelchair?", "Is there a lift in the Textile Museum?",
         ["The Textile Museum has a lift to all floors."],
         "There is a lift to all floors.", ABOUT_CLOCKS, "rewrite_drift"),
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
        ("And how much is it with a car?", "How much is the Gotland ferry with a car?", FERRIES,
         "With a car it costs 49 euros.", ABOUT_FERRY),
        ("Can I get in there with a wheelchair?", "Is the Museum of Clocks accessible with a wheelchair?",
         ["In the Museum of Clocks a lift for wheelchairs goes to all floors."], "Yes, a lift for wheelchairs goes to all floors.",
         ABOUT_CLOCKS),
        ("Is there a lift for wheelchairs?", "lift for wheelchairs in the Textile Museum",
         ["The Textile Museum has a lift for wheelchairs."], "Yes, there is a lift for wheelchairs.", ABOUT_CLOCKS),
    ],
)  # fmt: skip
def test_a_follow_up_whose_query_keeps_the_topic_or_finds_the_passage_is_ok(question, query, found, answer, turns):
    assert following_up(question, query, found, answer, turns) == ("ok", None, None)


def test_a_query_that_lost_words_which_the_passages_have_all_the_same_lost_nothing():
    question = "When are the parking places at the Ostmere office booked, and how?"
    answer = "They are booked in the Frontdesk app."
    lost = diagnose(rewriting("parking places", [PARKING], answer, question))
    assert "entity_dropped" not in named(lost)


def searching_twice(queries, found, answer, question, *, original=False):
    """Two searches for queries that a model wrote, or one of them for the question itself."""
    asked = [question if original else queries[0], queries[1]]
    return build(
        "chain > one:llm, two:llm, first:retriever, second:retriever, llm", question, answer,
        one={"output": queries[0]}, first={"input": asked[0], "documents": found[:1]},
        two={"output": queries[1]}, second={"input": asked[1], "documents": found[1:]},
        llm={"input": prompt_of(*found, question=question), "output": answer},
    )  # fmt: skip


BOTH = "How many days of paid vacation and how many parking places in Ostmere are there?"


def test_queries_for_parts_of_the_question_drop_nothing_together():
    queries = ("How many days of paid vacation are there?", "How many parking places are there in Ostmere?")
    answer = "There are 28 days of paid vacation and 60 parking places in Ostmere."
    assert blamed(diagnose(searching_twice(queries, [VACATION, PARKING], answer, BOTH))) == ("ok", None, None)


RENTS = [
    "Rents in Velden rose by 6 percent, to 12.80 euros per square metre.",
    "Rents in Harlow Bay rose to 9.90 euros per square metre.",
]


@pytest.mark.parametrize(("parts", "is_dropped"), [(("Velden", "Harlow Bay"), False), (("Velden", "Velden"), True)])
def test_a_word_that_joins_the_parts_need_not_be_in_them_and_a_name_must(parts, is_dropped):
    queries = [f"How high are rents in {name}?" for name in parts]
    question = "Compare the rents in Velden and Harlow Bay. Where is it cheaper?"
    found = RENTS if not is_dropped else RENTS[:1] * 2
    diagnosis = diagnose(searching_twice(queries, found, REFUSAL, question))
    assert ("entity_dropped" in named(diagnosis)) == is_dropped


def test_a_wrong_answer_to_a_question_in_parts_is_not_the_searches_fault():
    queries = ("How many days of paid vacation are there?", "How many parking places are there in Ostmere?")
    answer = "There are 42 days of paid vacation and 60 parking places in Ostmere."
    trace = searching_twice(queries, [VACATION, PARKING], answer, BOTH)

    def judged(shown):
        parts = [scored(trace, step, name, value) for step in ("first", "second")
                 for name, value in (("relevance", 0.9), ("sufficiency", 0.2))]  # fmt: skip
        whole = [scored(trace, "llm", "sufficiency", shown), scored(trace, "llm", "groundedness", 0.2)]
        return diagnose(trace, [*parts, *whole])

    assert "missing_content" not in named(judged(shown=0.9))
    assert "missing_content" in named(judged(shown=0.2))


def test_a_part_that_no_search_found_is_missing_content():
    queries = ("How many days of paid vacation are there?", "How many parking places are there in Ostmere?")
    diagnosis = diagnose(searching_twice(queries, [VACATION, SICK], REFUSAL, BOTH))
    assert "missing_content" in named(diagnosis)
    (said,) = {suspect.summary for suspect in diagnosis.suspects if suspect.failure == "missing_content"}
    assert "parking" in said
    assert "vacation" not in said


def test_a_query_beside_the_question_itself_cannot_have_lost_what_the_question_has():
    queries = ("soup in the canteen on Mondays", "parking places at the office")
    diagnosis = diagnose(searching_twice(queries, [VACATION, PARKING], REFUSAL, QUESTION, original=True))
    assert not {"rewrite_drift", "entity_dropped"} & set(named(diagnosis))
    only = diagnose(searching_twice(queries, [SICK, PARKING], REFUSAL, QUESTION))
    assert "rewrite_drift" in named(only)


def linked(found, answer):
    """A retriever that finds where to look on, and one that was asked in its place."""
    link = document("Everything about paid vacation and its days per year for each employee.", index_id="handbook")
    return build(
        "chain > (around:retriever > top:retriever, below:retriever), llm", QUESTION, answer,
        around={"input": QUESTION, "documents": found}, top={"input": QUESTION, "documents": [link]},
        below={"input": QUESTION, "documents": found},
        llm={"input": prompt_of(*found), "output": answer},
    )  # fmt: skip


def test_a_link_that_leads_to_the_wrong_place_is_no_passage():
    assert blamed(diagnose(linked([PARKING], REFUSAL)))[:2] == ("broken", "below")
    assert blamed(diagnose(linked([VACATION, SICK], GOOD))) == ("ok", None, None)


@pytest.mark.parametrize("year", [2023, 2024])
def test_a_query_with_another_year_than_the_question_is_rewrite_drift(year):
    found = [f"In {year} the dividend was 0.{year - 1943} euros a share."]
    answer = f"The dividend of {year} was 0.{year - 1943} euros per share."
    query = f'{{"query": "dividend per share", "year": {year}}}'
    trace = build(
        "chain > write:llm, (search:retriever), llm", "What dividend was paid in 2024?", answer,
        write={"input": "What dividend was paid in 2024?", "output": query},
        search={"input": "dividend per share", "documents": found},
        llm={"input": prompt_of(*found, question="What dividend was paid in 2024?"), "output": answer},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert (diagnosis.failure == "rewrite_drift") == (year == 2023)
    assert year == 2024 or blamed(diagnosis) == ("broken", "write", "rewrite_drift")


SEVERANCE = "Section 14: Severance amounts to half a month's pay for each year of service."
WORKED_OUT = "For 10 years at 4,000 euros a month that gives 10 × 0.5 × 4,000 = 20,000 euros."
TOLD = "I earned 4,000 euros a month and worked here for 10 years. How much severance do I get?"


def test_what_a_user_tells_of_himself_need_not_be_found(chain):
    diagnosis = diagnose(chain(found=(SEVERANCE,), question=TOLD, answer=WORKED_OUT))
    assert "missing_content" not in named(diagnosis)
    lacking = diagnose(chain(found=(PARKING,), question=TOLD, answer=WORKED_OUT))
    assert lacking.culprit.name == "retriever"


def test_an_answer_that_refuses_a_part_of_the_question_is_not_ok(chain):
    question = "How long does the pizza dough rise, and at what temperature is the pizza baked?"
    baked, dough = "The pizza is baked at 250 degrees Celsius.", "The pizza dough rises for 24 hours in the fridge."
    half = f"{baked} The context does not say how long the dough has to rise."
    assert named(diagnose(chain(found=(baked,), question=question, answer=half))) == ["missing_content"]
    assert diagnose(chain(found=(baked, dough), question=question, answer=f"{baked} {dough}")).verdict == "ok"


def test_the_row_of_a_table_is_no_cut_passage(chain):
    row = "sku: TR-200; name: Trail Runner Pro; weight: 245 g; price: 169 EUR; stock: 3"
    diagnosis = diagnose(
        chain(found=(row,), question="What does the Trail Runner Pro cost?", answer="It costs 129 EUR.")
    )
    assert "chunk_cut" not in [suspect.failure for suspect in diagnosis.suspects]

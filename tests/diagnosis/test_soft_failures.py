"""Each failure class with a broken trace, and the healthy twin on which every rule stays silent."""

import pytest

from weaklink import trace_from
from weaklink.diagnosis import diagnose
from weaklink.testing import build

from .conftest import GOOD, PARKING, QUESTION, SICK, VACATION, prompt_of


def blamed(diagnosis):
    return diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name, diagnosis.failure


def test_the_healthy_chain_is_ok_with_no_suspect_worth_naming(chain):
    diagnosis = diagnose(chain())
    assert blamed(diagnosis) == ("ok", None, None)
    assert diagnosis.confidence > 0.8
    assert all(suspect.probability < 0.2 for suspect in diagnosis.suspects)


def test_a_retriever_that_returns_nothing_is_blamed_before_the_model_that_made_something_up(chain):
    diagnosis = diagnose(chain(found=(), answer="An employee has 35 days of paid vacation per year."))
    assert blamed(diagnosis) == ("broken", "retriever", "no_results")
    assert [item.says for item in diagnosis.evidence] == [f"asked: “{QUESTION}”"]


def test_a_search_that_was_recorded_without_its_query_quotes_none(chain):
    trace = chain(found=(), answer="An employee has 35 days of paid vacation per year.")
    spans = [span.model_copy(update={"input": None} if span.kind == "retriever" else {}) for span in trace.spans]
    diagnosis = diagnose(type(trace).of(spans))
    assert (diagnosis.failure, diagnosis.evidence) == ("no_results", ())


def test_the_only_passage_is_not_called_the_best_of_one(chain):
    diagnosis = diagnose(chain(found=(PARKING,), answer="An employee has 60 days."))
    assert diagnosis.summary.startswith("The only passage has relevance 0.")


def test_a_retriever_that_returns_other_topics_is_off_topic(chain):
    diagnosis = diagnose(chain(found=(PARKING, "Canteen: A meal costs 4.80 euros."), answer="An employee has 60 days."))
    assert diagnosis.culprit.name == "retriever"
    assert diagnosis.failure in ("off_topic", "missing_content")


def test_passages_near_the_question_that_do_not_answer_it_are_missing_content(chain):
    question = "What is the dress code in the workshop?"
    near = "Opening hours: The workshop in Calder Bay is open from 6:00 to 22:00 on working days."
    diagnosis = diagnose(
        chain(found=(near, SICK), question=question, answer="In the workshop you wear a black leather jacket.")
    )
    assert diagnosis.verdict == "broken"
    assert (diagnosis.culprit.name, diagnosis.failure) == ("retriever", "missing_content")
    assert "probe" in diagnosis.advice


def test_a_reranker_that_drops_the_passage_with_the_answer_is_blamed_and_the_passage_quoted(chain):
    diagnosis = diagnose(chain(kept=(PARKING,), answer="An employee has 60 days of paid vacation per year."))
    assert blamed(diagnosis) == ("broken", "reranker", "good_document_dropped")
    assert "28 days of paid vacation" in diagnosis.evidence[0].says
    assert diagnosis.evidence[0].at.field == "candidates.0"


def test_a_reranker_that_drops_what_is_not_needed_is_not_blamed(chain):
    assert blamed(diagnose(chain(kept=(VACATION,)))) == ("ok", None, None)


def test_a_prompt_without_the_passages_is_context_not_passed(chain):
    diagnosis = diagnose(chain(shown=("None None None",), answer="An employee has 40 days of paid vacation per year."))
    assert blamed(diagnosis) == ("broken", "pack_context", "context_not_passed")


def test_a_prompt_that_ends_before_the_answer_is_context_truncated(chain):
    cut = VACATION[:28]
    diagnosis = diagnose(chain(found=(VACATION,), shown=(cut,), answer="An employee has 40 days of paid vacation."))
    assert blamed(diagnosis) == ("broken", "pack_context", "context_truncated")
    assert "28 days" in diagnosis.evidence[0].says


def test_a_prompt_that_cuts_only_what_is_not_needed_is_ok(chain):
    assert blamed(diagnose(chain(shown=(VACATION, SICK, PARKING[:30])))) == ("ok", None, None)


@pytest.mark.parametrize(
    "answer",
    ["An employee has 30 days of paid vacation per year.", "Employees have 25 days of paid vacation."],
)
def test_a_number_other_than_that_of_the_passage_is_contradicted(chain, answer):
    diagnosis = diagnose(chain(answer=answer))
    assert blamed(diagnosis) == ("broken", "llm", "contradicted")
    assert "28" in str(diagnosis)


def test_a_long_answer_that_denies_what_the_passage_says_is_contradicted_and_its_twin_is_ok(chain):
    rule = (
        "Badges: Contractors must return their access badges to the gatehouse on the last working day, and badges that are kept "
        "longer than five days are blocked."
    )
    question = "When must contractors return their access badges?"
    right = rule.removeprefix("Badges: ")
    assert blamed(diagnose(chain(found=(rule, SICK), question=question, answer=right))) == ("ok", None, None)
    for answer in (right.replace("are blocked", "aren't blocked"), right.replace("must return", "need not return")):
        diagnosis = diagnose(chain(found=(rule, SICK), question=question, answer=answer))
        assert blamed(diagnosis) == ("broken", "llm", "contradicted")
        assert diagnosis.evidence[-1].at.field in ("input", "documents.0")


def test_a_statement_that_no_passage_makes_is_unsupported(chain):
    diagnosis = diagnose(chain(answer=f"{GOOD} The chief executive also grants a yacht cruise in Monaco every summer."))
    assert blamed(diagnosis) == ("broken", "llm", "unsupported")
    assert diagnosis.evidence[0].at.text.startswith("The chief executive")


def test_an_abstention_over_a_context_that_holds_the_answer_is_false(chain):
    diagnosis = diagnose(chain(answer="I don't know, the passages do not say."))
    assert blamed(diagnosis) == ("broken", "llm", "false_abstention")


def test_an_honest_abstention_blames_the_retrieval_and_not_the_model(chain):
    diagnosis = diagnose(
        chain(found=(PARKING, SICK), question=QUESTION, answer="I don't know, the passages do not say.")
    )
    assert diagnosis.culprit.name == "retriever"


def test_an_answer_that_stops_at_the_token_limit_is_cut_off(chain):
    diagnosis = diagnose(chain(llm={"model": {"name": "m", "finish_reason": "length"}}))
    assert blamed(diagnosis) == ("broken", "llm", "cut_off")


def test_a_model_that_writes_nothing_is_blamed(chain):
    diagnosis = diagnose(chain(answer="", llm={"output": ""}))
    assert blamed(diagnosis) == ("broken", "llm", "empty_output")


@pytest.mark.parametrize(
    "answer",
    [
        "An employee has 28 days of paid vacation per year. It is requested in the",
        "The rules for paid vacation per year are as follows:",
    ],
)
def test_an_answer_that_stops_before_it_is_complete_is_incomplete(chain, answer):
    diagnosis = diagnose(chain(answer=answer))
    assert blamed(diagnosis) == ("broken", "llm", "incomplete")
    assert diagnosis.evidence[0].at.end == len(answer)


@pytest.mark.parametrize(
    "answer", ["28 days", "28 days of paid vacation", "Paid vacation:\n- 28 days per year\n- two weeks ahead"]
)
def test_a_bare_value_or_a_list_is_not_incomplete(chain, answer):
    assert all(suspect.failure != "incomplete" for suspect in diagnose(chain(answer=answer)).suspects)


def test_an_answer_from_a_passage_about_something_else_is_off_question(chain):
    diagnosis = diagnose(chain(answer="The office in Ostmere has 60 parking places, booked in the Frontdesk app."))
    assert blamed(diagnosis) == ("broken", "llm", "off_question")
    assert "28 days" in diagnosis.evidence[1].says


def test_a_short_answer_that_repeats_no_word_of_the_question_is_not_off_question(chain):
    assert diagnose(chain(answer="28 days.")).verdict == "ok"


PUMPS = (
    "The Model X pump has a warranty of 24 months from the date of purchase.",
    "The Model Y pump has a warranty of 12 months and excludes seals.",
    "In 2019 the company sold 4,000 pumps in Austria.",
    "In 2020 the company sold 5,200 pumps in Austria.",
    "Error code E17 means that the inlet filter is clogged; clean it and restart.",
    "Error code E21 means that the motor overheated; wait 20 minutes before restart.",
)


@pytest.mark.parametrize(
    ("question", "answer", "named", "spoken"),
    [
        ("What does error code E21 mean?", "Error code E17 means that the inlet filter is clogged.", "E21", "E17"),
        ("What does E21 mean?", "Error code E17 means that the inlet filter is clogged.", "E21", "E17"),
        ("How long is the warranty of the Model X?", "The Model Y pump has a warranty of 12 months.", "X", "Y"),
        ("How many pumps were sold in 2019?", "In 2020 the company sold 5,200 pumps in Austria.", "2019", "2020"),
        ("When does the warranty of the Model X pump end?", "The Model X pump has a warranty.", "repeats", "adds nothing"),
    ],
)  # fmt: skip
def test_an_answer_about_another_of_its_kind_is_off_question(question, answer, named, spoken):
    diagnosis = diagnose(trace_from(question=question, documents=PUMPS, answer=answer))
    assert (diagnosis.verdict, diagnosis.failure) == ("broken", "off_question")
    assert named in diagnosis.summary
    assert spoken in diagnosis.summary


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What does error code E21 mean?", "Error code E21 means that the motor overheated."),
        ("What does E21 mean?", "The motor overheated; wait 20 minutes."),
        ("How long is the warranty of the Model Y?", "12 months, without seals."),
        ("How many more pumps were sold in 2020 than in 2019?", "In 2020 5,200 pumps were sold, 4,000 in 2019."),
        ("Does error code E21 mean that the filter is clogged?", "No, error code E17 means that the filter is clogged."),
        ("Which has the longer warranty, the Model X or the Model Y?", "The Model X."),
    ],
)  # fmt: skip
def test_an_answer_that_names_what_was_asked_for_is_not_off_question(question, answer):
    diagnosis = diagnose(trace_from(question=question, documents=PUMPS, answer=answer))
    assert diagnosis.failure != "off_question"
    assert diagnosis.verdict != "broken"


FOLLOW_UP = "Does it cover damage from frost?"
HISTORY = [
    {"$type": "message", "role": "user", "content": "How long is the warranty of the pump?"},
    {"$type": "message", "role": "assistant", "content": "It is 36 months."},
    {"$type": "message", "role": "user", "content": FOLLOW_UP},
]
WARRANTY = "Warranty: The pump has a warranty of 36 months. Damage from frost is not covered."


@pytest.mark.parametrize("answer", ["No, damage from frost is not covered.", "Damage from frost is not covered."])
def test_an_answer_that_says_no_is_no_abstention_and_says_something(answer):
    trace = build(
        "chain > rewrite:llm, retriever, llm", {"messages": HISTORY}, answer,
        rewrite={"input": HISTORY, "output": "Does the warranty of the pump cover damage from frost?"},
        retriever={"input": "Does the warranty of the pump cover damage from frost?", "documents": [WARRANTY, PARKING]},
        llm={"input": [*prompt_of(WARRANTY, PARKING, question=FOLLOW_UP)], "output": answer},
    )  # fmt: skip
    assert diagnose(trace).verdict == "ok"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ('{"days": 28, "kind": "paid vacation"}', "ok"),
        ('```json\n{"days": 28, "kind": "paid vacation"}\n```', "ok"),
        ("Great question! According to the passages, an employee has 28 days of paid vacation. Let me know if I can help!", "ok"),
    ],
)  # fmt: skip
def test_json_and_politeness_around_a_right_answer_are_ok(chain, answer, verdict):
    assert diagnose(chain(answer=answer)).verdict == verdict


URLAUB = (
    "Urlaub: Jeder Angestellte hat 28 Tage bezahlten Urlaub im Jahr. Er wird zwei Wochen vorher im Kalender beantragt."
)
PARKEN = "Parken: Das Büro in Ostmere hat 60 Parkplätze, die man in der App bucht."


@pytest.mark.parametrize(
    "answer", ["Das weiß ich leider nicht.", "Ein Angestellter hat 28 Tage bezahlten Urlaub im Jahr."]
)
def test_a_search_in_another_language_than_the_scorers_read_is_not_blamed(chain, answer):
    question = "Wie viele Tage bezahlten Urlaub hat ein Angestellter im Jahr?"
    diagnosis = diagnose(chain(found=(URLAUB, PARKEN), question=question, answer=answer))
    assert diagnosis.failure not in ("missing_content", "off_topic")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Wie viele Urlaubstage hat ein Angestellter?", "Ein Angestellter hat 28 Tage bezahlten Urlaub im Jahr."),
        ("有給休暇は年に何日ありますか？", "年に28日の有給休暇があります。"),
        ("¿Cuántos días de vacaciones hay al año?", "28 días."),
    ],
)
def test_a_question_in_another_language_than_the_passages_is_not_called_off_topic(chain, question, answer):
    diagnosis = diagnose(chain(question=question, answer=answer))
    assert diagnosis.verdict in ("unknown", "ok")


def test_a_short_english_question_with_a_table_for_an_answer_is_still_judged(chain):
    answer = "| plan | days |\n|---|---|\n| full-time | 60 |\n| part-time | 30 |\n| trainee | 20 |"
    diagnosis = diagnose(chain(found=(PARKING, "Canteen: A meal costs 4.80 euros."), answer=answer))
    assert diagnosis.culprit.name == "retriever"


def test_an_answer_from_a_passage_far_from_the_question_is_off_question(chain):
    answer = "The office in Ostmere has 60 parking places, booked in the Frontdesk app."
    assert blamed(diagnose(chain(answer=answer))) == ("broken", "llm", "off_question")


def test_what_a_model_had_written_before_it_failed_is_not_blamed_for_what_it_lacks():
    part = "The days of paid vacation that an employee has per year"
    steps, fields = "chain > retriever, llm", {"retriever": {"documents": [VACATION, SICK]}}
    said = {"input": prompt_of(VACATION, SICK), "output": part}
    failed = diagnose(build(f"{steps}!", QUESTION, part, llm=said, **fields))
    assert [suspect.failure for suspect in failed.suspects] == ["raised"]
    whole = diagnose(build(steps, QUESTION, part, llm=said, **fields))
    assert any(suspect.failure == "off_question" for suspect in whole.suspects)


def test_a_mark_that_a_parser_cuts_off_does_not_make_the_answer_incomplete(chain):
    marked = chain(llm={"output": f"{GOOD} done with the whole of this answer now"})
    assert all(suspect.failure != "incomplete" for suspect in diagnose(marked).suspects)
    cut = chain(answer="An employee has 28 days of paid vacation and also")
    assert any(suspect.failure == "incomplete" for suspect in diagnose(cut).suspects)


def test_a_citation_is_no_value_that_the_answer_has_to_carry(chain):
    diagnosis = diagnose(chain(answer="An employee has 28 days of paid vacation per year [1]."))
    assert diagnosis.verdict == "ok"
    assert [origin.text for origin in diagnosis.origins] == ["28"]


def test_a_search_without_a_model_is_ok_for_what_it_found_and_claims_no_answer():
    trace = build("search:retriever", search={"input": QUESTION, "documents": [VACATION, SICK]})
    diagnosis = diagnose(trace)
    assert (diagnosis.verdict, diagnosis.summary) == (
        "ok",
        "Every step did its part: what was found is about the question.",
    )


@pytest.mark.parametrize(
    "said", ["Thanks!", "Thank you very much.", "OK, great, thanks a lot!", "Hi there", "Good morning"]
)
def test_small_talk_asks_nothing_so_no_search_for_it_can_fail(chain, said):
    diagnosis = diagnose(chain(question=said, answer="You are welcome.", found=(PARKING, SICK)))
    assert (diagnosis.verdict, diagnosis.summary) == ("ok", "Nothing was asked here, and nothing failed.")
    failed = build("chain > retriever!", said, retriever={"input": said})
    assert blamed(diagnose(failed)) == ("broken", "retriever", "raised")


@pytest.mark.parametrize(
    "said", ["Thanks, and what is the canteen?", "Thank you. How long is the notice period?", "Great canteen menu"]
)
def test_a_question_that_begins_with_thanks_asks_something(chain, said):
    diagnosis = diagnose(chain(question=said, answer="I do not know.", found=(PARKING, SICK)))
    assert diagnosis.verdict == "broken"


def test_a_question_that_points_back_and_was_searched_as_it_is_is_told_apart():
    said = [
        {"$type": "message", "role": "user", "content": "How many days of paid vacation are there?"},
        {"$type": "message", "role": "assistant", "content": "There are 28 days."},
    ]

    def asked(query):
        return build(
            "chain > retriever, llm", chain={"input": {"input": "What should it be?", "chat_history": said}, "output": "I do not know."},
            retriever={"input": query, "documents": [PARKING]}, llm={"input": prompt_of(PARKING), "output": "I do not know."},
        )  # fmt: skip

    diagnosis = diagnose(asked("What should it be?"))
    assert blamed(diagnosis) == ("broken", "retriever", "off_topic")
    assert "points back" in diagnosis.advice
    assert "vacation" in [row.piece for row in diagnosis.funnel.rows]
    assert "points back" not in diagnose(asked("How many days of vacation should there be?")).advice

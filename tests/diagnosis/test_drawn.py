"""What an answer took from its context speaks for the context, however it puts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklink.diagnosis import diagnose
from weaklink.diagnosis.drawn import Drawn, drawn_by
from weaklink.diagnosis.finding import Finding, symptoms
from weaklink.diagnosis.probabilities import features
from weaklink.model import Scores
from weaklink.testing import build

from .conftest import PARKING, SICK, VACATION

IDEMPOTENCY = (
    "To make a request safe to retry, send an Idempotency-Key header with a UUID. Keys are remembered for 24 hours; a second request "
    "with the same key returns the stored response of the first."
)
TIMED_OUT = "My request to create a transfer timed out. How can I retry it without paying twice?"
OWN_WORDS = (
    "Send the `Idempotency-Key` header with a UUID: if the first request did go through, repeating it with the same key returns the "
    "stored response instead of a second transfer. Keys are remembered for one day."
)
MADE_UP = (
    "Open the cashier's console, tick “Protect against doubles” and press Resubmit; a fee of 3 dollars is charged."
)


def test_an_answer_in_its_own_words_is_not_called_beside_its_context(chain):
    diagnosis = diagnose(chain(found=(IDEMPOTENCY, SICK), question=TIMED_OUT, answer=OWN_WORDS))
    assert diagnosis.verdict == "ok"


def test_an_answer_that_drew_nothing_from_the_context_is(chain):
    diagnosis = diagnose(chain(found=(PARKING, SICK), question=TIMED_OUT, answer=MADE_UP))
    assert diagnosis.verdict == "broken"


def test_new_words_are_those_beside_the_question_and_carried_those_of_the_context(chain):
    drawn = drawn_by(chain(question="How long is vacation?", answer="The vacation is 28 days, in Oslo."), Scores())
    assert (drawn.new, drawn.carried) == ({"28", "daili", "oslo"}, {"28", "daili"})
    assert drawn.share == pytest.approx(2 / 4)


def test_nothing_is_drawn_where_nothing_was_answered():
    assert drawn_by(build("chain > retriever", retriever={"documents": [VACATION]}), Scores()) is None


@given(st.sets(st.text(min_size=1, max_size=3), max_size=6), st.sets(st.text(min_size=1, max_size=3), max_size=6))
def test_the_share_lies_between_0_and_1_and_grows_with_what_is_carried(new, context):
    drawn = Drawn(frozenset(new), frozenset(new & context), frozenset(context))
    assert 0 <= drawn.share < 1
    assert drawn.share <= Drawn(frozenset(new), frozenset(new), frozenset(new)).share


def test_a_rule_that_knows_better_than_the_whole_answer_shows_is_believed(chain):
    shown = symptoms(chain(), Scores())
    assert shown["abstained"] == 0
    assert features(Finding("x", 0.5, "says", signals={"abstained": 1.0}), shown)["abstained"] == 1


def test_what_never_reached_the_model_is_no_chunk_that_misled_it(chain):
    cut = VACATION.removesuffix(" ahead.")
    assert diagnose(chain(found=(cut, PARKING), answer="I could not find that.")).failure == "chunk_cut"
    unseen = diagnose(chain(found=(cut, PARKING), shown=(), answer="I could not find that."))
    assert "chunk_cut" not in [suspect.failure for suspect in unseen.suspects]

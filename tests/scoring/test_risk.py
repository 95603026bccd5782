"""The fitted model: explainable by its signs, sane at its ends, honest about how sure it is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklink.scoring.claim import read_claim
from weaklink.scoring.contradiction import Contradiction
from weaklink.scoring.features import FEATURES, Aligner, Alignment
from weaklink.scoring.groundedness import answer_interval, answer_value, assess
from weaklink.scoring.index import index_of
from weaklink.scoring.logistic import fitted
from weaklink.scoring.records import Conflicts
from weaklink.scoring.risk import WORDS_AT_MOST, answer_risk, claim_risk, interval_of, risk_at, value_at, words_said
from weaklink.scoring.trees import sum_of

PROSE = index_of(("Employees receive 25 days of paid vacation per year.",))
RECORD = index_of(('{"name": "Cafe", "WiFi": false}',))
CLAIM = read_claim("Something else entirely is said here.")


def risk_of(features: dict[str, float], index=PROSE) -> float:
    return claim_risk(CLAIM, Alignment(features, [], frozenset(), [], Conflicts()), index)


@pytest.mark.parametrize("index", [PROSE, RECORD], ids=["prose", "record"])
@pytest.mark.parametrize("name", FEATURES)
def test_more_of_a_feature_moves_the_risk_only_in_the_direction_of_its_sign(name: str, index):
    chance = random.Random(name)
    for _ in range(30):
        features = {other: chance.choice([0.0, chance.random(), chance.randint(0, 5)]) for other in FEATURES}
        risks = [risk_of(features | {name: value}, index) for value in (0.0, 0.2, 0.5, 0.9, 1.0, 2.0, 5.0)]
        ordered = risks if FEATURES[name] == 1 else risks[::-1]
        assert ordered == sorted(ordered)


def test_no_feature_tells_of_place_or_length():
    assert not [name for name in FEATURES if any(word in name for word in ("position", "length", "bullet", "place"))]
    sentence, passage = "You get 25 days of paid vacation.", "Employees receive 25 days of paid vacation per year."
    alone = assess(sentence, [passage])[0].value
    later = assess(f"Dogs are allowed on Fridays. {sentence}", [passage])[1].value
    assert alone == later


def test_the_model_says_where_it_comes_from():
    model = fitted("groundedness")
    assert {"what", "from", "method", "script"} <= model.keys()
    assert all(
        weight * FEATURES[name] >= 0
        for kind in model["sentence"]["linear"].values()
        for name, weight in kind["weights"].items()
    )


def test_a_contradiction_sets_a_least_risk():
    said = Contradiction(0, "30", "25", "number", 1.0)
    features = dict.fromkeys(FEATURES, 0.0)
    assert claim_risk(CLAIM, Alignment(features, [0], frozenset(), [said], Conflicts()), PROSE) >= 0.5


def test_another_base_rate_moves_values_and_keeps_their_order():
    risks = [0.001, 0.05, 0.3, 0.9]
    few, many = ([value_at(risk, "text", rate) for risk in risks] for rate in (0.02, 0.6))
    assert few == sorted(few, reverse=True)
    assert all(one > other for one, other in zip(few, many, strict=True))
    assert [risk_at(value, "text", 0.02) for value in few] == pytest.approx(risks, abs=1e-6)


@pytest.mark.parametrize("kind", ["text", "question", "record"])
def test_an_answer_of_one_sentence_is_as_risky_as_that_sentence(kind):
    for risk in (0.01, 0.1, 0.5, 0.95):
        assert answer_risk([risk], kind) == pytest.approx(risk)


@given(
    st.sampled_from(["text", "question", "record"]),
    st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=12),
    st.data(),
)
def test_an_answer_gets_no_safer_where_a_sentence_gets_worse(kind, risks, data):
    place = data.draw(st.integers(0, len(risks) - 1))
    worse = [*risks[:place], data.draw(st.floats(risks[place], 1 - 1e-6)), *risks[place + 1 :]]
    assert answer_risk(worse, kind) >= answer_risk(risks, kind) - 1e-9


def test_what_a_novel_word_is_counts_within_bounds():
    words = {"overal": -0.5, "vegetarian": 0.75, "googl": 1.5}
    assert words_said(words, {"overal", "vegetarian", "zebra"}) == 0.25
    assert words_said(words, {"vegetarian", "googl"}) == WORDS_AT_MOST
    assert words_said(words, set()) == 0


def test_an_answer_is_never_safer_than_its_worst_sentence():
    assert answer_risk([0.01, 0.02, 0.8], "question") >= 0.8
    assert answer_risk([0.2] * 8, "question") > answer_risk([0.2], "question")


@pytest.mark.parametrize("kind", ["text", "question", "record"])
def test_an_interval_holds_its_value(kind):
    for risk in (1e-6, 0.01, 0.1, 0.5, 0.99, 1 - 1e-6):
        low, high = interval_of(risk, "sentence", kind)
        assert 0 <= low <= value_at(risk, kind) <= high <= 1


def test_another_language_gives_a_wide_interval_and_says_so():
    passage = "Die Mitarbeiter erhalten 25 Tage bezahlten Urlaub pro Jahr, und Hunde sind am Freitag erlaubt."
    (german,) = assess("Die Mitarbeiter erhalten 25 Tage bezahlten Urlaub pro Jahr.", [passage])
    (english,) = assess("Employees receive 25 days of paid vacation per year.", [PROSE.units[0].text])
    assert "English" in german.note
    assert english.note == ""
    assert german.high - german.low > english.high - english.low + 0.2
    interval = answer_interval([german])
    assert interval is not None
    assert interval.low <= (answer_value([german]) or 0) <= interval.high


def test_the_unsupported_characters_are_those_of_the_made_up_part():
    answer = "Employees receive 25 days of paid vacation, and the gym on floor 7 has a sauna and a swimming pool."
    (verdict,) = assess(answer, [PROSE.units[0].text])
    marked = [answer[start:end] for start, end in verdict.unsupported]
    assert marked == ["gym on floor 7 has a sauna and a swimming pool"]
    assert assess("Employees receive 25 days.", [PROSE.units[0].text])[0].unsupported == ()


def test_a_bullet_before_a_sentence_moves_its_characters_and_nothing_else():
    plain, listed = "The gym has a sauna.", "- The gym has a sauna."
    first, second = assess(plain, [PROSE.units[0].text])[0], assess(listed, [PROSE.units[0].text])[0]
    assert first.value == second.value
    assert [listed[start:end] for start, end in second.unsupported] == [
        plain[start:end] for start, end in first.unsupported
    ]


def test_trees_are_read_from_their_root():
    tree = ["novel", 0.5, -1.0, ["names", 1.0, 0.25, 2.0]]
    assert sum_of([tree, 0.5], {"novel": 0.5, "names": 9}) == -0.5
    assert sum_of([tree, 0.5], {"novel": 0.6, "names": 1}) == 0.75
    assert sum_of([tree], {"novel": 0.6, "names": 2}) == 2.0


def test_names_of_a_record_are_read_in_the_scope_of_a_negation():
    record = index_of(('{"name": "Cafe", "attributes": {"WiFi": false, "OutdoorSeating": true, "Music": null}}',))
    aligner = Aligner(record)

    def conflicts(text: str) -> Conflicts:
        return aligner.align(read_claim(text)).conflicts

    assert conflicts("It has outdoor seating, but no WiFi.")[:4] == (0, 0, 0, 0)
    assert conflicts("It offers free WiFi.").false_said == 1
    assert conflicts("Outdoor seating is not available.").true_denied == 1
    assert conflicts("There is no live music.").unknown_denied == 1
    assert conflicts("Music is not mentioned.").unknown_denied == 0

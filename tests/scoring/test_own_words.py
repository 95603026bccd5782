"""Right answers in a model's own words, each beside one that is wrong in a single value."""

import pytest

from weaklink.scoring.groundedness import answer_value, assess

SENSOR = '{"sensor": "gh-3-temp", "unit": "C", "max": 31.9, "max_at": "14:10", "mean": 23.6}'
CLOSING = "The sauna closes at 20:30. The pool opens at 8:40."
BUS = "Der letzte Bus fährt um 20:15. Der erste Bus fährt um 11:30."
FLIGHT = '{"flight": "LQ418", "scheduled": "18:40", "estimated": "20:15", "gate": "B27"}'
MEETING = '{"title": "Budget review", "start": "14:00", "minutes": 45}'
TRAINS = '[{"dep": "08:25", "arr": "15:02", "price_nok": 549}, {"dep": "12:03", "arr": "18:41", "price_nok": 399}]'
BUDGET = "Ana: the budget for catering is 240 euros. Chloe: ordered at Petit Pois, it came to 212 euros."
LEASE = "The contract covers 15,000 km per year. Each additional kilometre is charged at 9 cents."
POOL = "A ticket for ten baths costs 45 euros. A single bath costs 5.60 euros."
STARS = "Review 1 (4 stars): Comfortable.\nReview 2 (3 stars): The case is bulky.\nReview 3 (5 stars): Great."
TAX = "20 percent of the labour costs reduce the tax, at most 1,200 euros a year."
PUPILS = "About two thirds of the pupils take the bus. A fifth of them cycle."
WINE = "Shipping is free of charge from twelve bottles, otherwise 6.90 euros."
CHARGER = "Charging takes two and a half hours, and the cable is two metres long."
NIGHT = "The stay costs CHF 68 a night. It includes breakfast."
PASS = "The pass is valid for twelve months. La garantía vale doce meses."

# passage, question, what is right, what is wrong
PAIRS = [
    (
        SENSOR,
        "How warm did it get?",
        "The peak was at ten past two in the afternoon.",
        "The peak was at ten past three in the afternoon.",
    ),
    (SENSOR, "How warm did it get?", "It was 31.9 °C at most.", "It was 33.9 °C at most."),
    (
        CLOSING,
        "When does the sauna close?",
        "The sauna closes at half past eight.",
        "The sauna closes at half past nine.",
    ),
    (
        CLOSING,
        "When does the pool open?",
        "The pool opens at twenty to nine in the morning.",
        "The pool opens at twenty to ten in the morning.",
    ),
    (
        BUS,
        "Wann fährt der letzte Bus?",
        "Der letzte Bus fährt um Viertel nach acht.",
        "Der letzte Bus fährt um Viertel nach neun.",
    ),
    (BUS, "Wann fährt der erste Bus?", "Der erste Bus fährt um halb zwölf.", "Der erste Bus fährt um halb elf."),
    (
        FLIGHT,
        "When does LQ 418 leave?",
        "Flight LQ 418 is estimated at a quarter past eight in the evening.",
        "Flight LQ 418 is estimated at a quarter past nine in the evening.",
    ),
    (
        TRAINS,
        "What do the trains cost?",
        "The later one is the cheaper of the two, by 150 kroner.",
        "The later one is the cheaper of the two, by 160 kroner.",
    ),
    (
        BUDGET,
        "What did the catering cost?",
        "It came to 212 euros, 28 euros below the budget.",
        "It came to 212 euros, 38 euros below the budget.",
    ),
    (
        LEASE,
        "What do I pay for extra kilometres?",
        "Every kilometre above 15,000 is billed at 9 cents, so 1,000 extra kilometres would come to 90 euros.",
        "Every kilometre above 15,000 is billed at 9 cents, so 1,000 extra kilometres would come to 80 euros.",
    ),
    (
        POOL,
        "What does the ticket for ten baths cost?",
        "The ticket costs 45 euros, so 4.50 euros each.",
        "The ticket costs 45 euros, so 4.20 euros each.",
    ),
    (STARS, "What is the average?", "The reviews give 4 stars on average.", "The reviews give 4.5 stars on average."),
    (
        TAX,
        "How much of the labour costs reduces the tax?",
        "A fifth of the labour costs reduces the tax.",
        "A quarter of the labour costs reduces the tax.",
    ),
    (PUPILS, "How many pupils cycle?", "20 percent of the pupils cycle.", "30 percent of the pupils cycle."),
    (
        WINE,
        "From how many bottles is shipping free?",
        "From a dozen bottles shipping is free of charge.",
        "From half a dozen bottles shipping is free of charge.",
    ),
    (CHARGER, "How long does charging take?", "Charging takes 2.5 hours.", "Charging takes 3.5 hours."),
    (NIGHT, "What does a night cost?", "A night costs 68 francs.", "A night costs 68 dollars."),
    (PASS, "How long is the pass valid?", "The pass is valid for a year.", "The pass is valid for two years."),
]


@pytest.mark.parametrize(("passage", "question", "right", "wrong"), PAIRS)
def test_a_value_in_other_words_is_found_and_its_wrong_twin_is_not(passage: str, question: str, right: str, wrong: str):
    carried = answer_value(assess(right, [passage], question))
    denied = answer_value(assess(wrong, [passage], question))
    assert carried is not None
    assert denied is not None
    assert carried >= 0.5 > denied


def test_a_meeting_ends_as_long_after_its_start_as_the_passages_say():
    said = "The budget review is from 2 pm to {}."
    (right,) = assess(said.format("a quarter to three"), [MEETING], "When is the review?")
    (wrong,) = assess(said.format("a quarter past three"), [MEETING], "When is the review?")
    assert (right.label, right.detail) == ("supported", ())
    assert wrong.detail == ("a quarter past three",)
    assert wrong.value < right.value - 0.3


THESIS = (
    "Length: the thesis is written within ten weeks. In case of illness the time is extended by the days of a doctor's certificate, "
    "at most by four weeks."
)
FLAT = [
    "Flat 14: the cold rent is 1,120 euros per month, service charges are 240 euros.",
    "Flat 14 in Canal Street 8: three rooms, 78 square metres, balcony facing south-west.",
    "The building dates from 1998 and was insulated in 2019.",
]
FERRY = [
    "| Ferry | Departure Sund | Arrival Holm | Days | Cars |",
    "Check-in for cars closes 30 minutes before departure.",
    "The return trips from Holm start half an hour after each arrival.",
]
STAFF = [
    "Helena Duarte, site reliability engineer, Porto. Kubernetes, Terraform and on-call experience for a streaming service.",
    "Priya Nair, backend engineer, Lisbon. Eight years of Go and PostgreSQL.",
]
BESIDE = [
    (
        [THESIS],
        "If I fall ill, by how much can the time for my thesis be extended?",
        "By at most four weeks. The regular period is ten weeks.",
        "By at most four weeks. The regular period is twelve weeks.",
    ),
    (
        FLAT,
        "Give me rent, size and year of flat 14.",
        "cold rent: 1120\narea m2: 78\nyear built: 1998",
        "cold rent: 1120\narea m2: 87\nyear built: 1989",
    ),
    (
        FERRY,
        "When does a ferry leave that takes cars, and when must I check in?",
        "The ferry takes cars. Be at the check-in half an hour earlier.",
        "The ferry takes cars. Be at the check-in three hours earlier.",
    ),
]


@pytest.mark.parametrize(("passages", "question", "right", "wrong"), BESIDE)
def test_what_an_answer_tells_beside_is_not_denied_by_a_passage_on_the_question(
    passages: list[str], question: str, right: str, wrong: str
):
    assert {sentence.label for sentence in assess(right, passages, question)} == {"supported"}
    assert assess(wrong, passages, question)[-1].label in ("contradicted", "unsupported")


def test_the_name_of_a_field_is_the_words_of_the_form():
    *_, city = assess("name: Helena Duarte\ncity: Porto", STAFF, "Who fits for Kubernetes and on-call duty?")
    assert (city.label, city.detail) == ("supported", ())
    *_, city = assess("name: Helena Duarte\ncity: Madrid", STAFF, "Who fits for Kubernetes and on-call duty?")
    assert city.label != "supported"


def test_spans_of_time_exclude_each_other_as_rates():
    passage = "The rent is paid per month. The lift dates from 1998."
    (right,) = assess("The year of the lift: 1998, and the rent is paid.", [passage], "What about rent and lift?")
    (wrong,) = assess("The rent is paid per week.", [passage], "How is the rent paid?")
    assert (right.label, wrong.label) == ("supported", "contradicted")


def test_the_head_of_a_table_claims_nothing():
    table = "| Departure | Arrival | Price |\n|---|---|---|\n| 08:25 | 15:02 | 549 NOK |\n| 12:03 | 18:41 | 499 NOK |"
    labels = [sentence.label for sentence in assess(table, [TRAINS], "Which trains are there?")]
    assert labels[:3] == ["not_a_claim", "not_a_claim", "supported"]
    assert labels[3] in ("contradicted", "unsupported")

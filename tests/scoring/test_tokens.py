import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import tokenise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,200", "1.2k"),
        ("1.5 million", "1500000"),
        ("twenty-five", "25"),
        ("sixteen", "16"),
        ("third", "3rd"),
        ("17:00", "5 PM"),
        ("17:0", "5 p.m."),
        ("noon", "12 PM"),
        ("midnight", "00:00"),
        ("September", "Sept"),
        ("5-9 pm", "17:00 21:00"),
        ("10-3 pm", "10:00 15:00"),
        ("2024-03-05", "March 5, 2024"),
        ("2024-03-05T08:30:00Z", "March 5, 2024, 08:30"),
        ("31/03/2024", "March 31 2024"),
        ("03/31", "March 31"),
        ("EUR 2,400", "€2,400"),
        ("fünf", "5"),
        ("twice", "2"),
        ("ten past two in the afternoon", "14:10"),
        ("a quarter to nine in the evening", "20:45"),
        ("half past eleven", "11:30"),
        ("at ten to twelve.", "at 11:50"),
        ("three o'clock", "03:00"),
        ("at eight in the evening", "at 20:00"),
        ("halb zwölf", "11:30"),
        ("Viertel nach acht abends", "20:15"),
        ("14.30 Uhr", "14:30"),
        ("two and a half", "2.5"),
        ("a dozen", "a 12"),
        ("half a dozen", "6"),
        ("549 NOK", "549 kroner"),
        ("CHF 68", "68 francs"),
        ("20 Prozent", "20 %"),
    ],
)
def test_one_value_has_one_spelling(one: str, other: str):
    assert [token.value for token in tokenise(one)] == [token.value for token in tokenise(other)]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("5%", "5", "%"),
        ("5 percent", "5", "%"),
        ("5 per cent", "5", "%"),
        ("$60", "60", "$"),
        ("60 dollars", "60", "$"),
        ("€180", "180", "€"),
        ("180 euros", "180", "€"),
        ("$1.2m", "1200000", "$"),
        ("100m", "100", ""),
        ("one week", "1", ""),
    ],
)
def test_numbers_know_their_unit(text: str, value: str, unit: str):
    token = tokenise(text)[0]
    assert (token.kind, token.value, token.unit) == ("number", value, unit)


def test_a_sign_belongs_to_its_number_and_a_range_or_a_discount_has_none():
    assert [token.value for token in tokenise("-4, 1-2 and -50%")] == ["-4", "1", "2", "and", "50"]


def test_may_is_a_month_only_with_a_capital_letter():
    assert [token.kind for token in tokenise("You may come in May")] == ["word", "word", "word", "word", "month"]


def test_irregular_verbs_have_one_stem():
    assert stem("grew") == stem("grown") == stem("grows")
    assert stem("built") == stem("building")
    assert stem("found") != stem("find")


def test_inflections_and_near_synonyms_share_a_stem():
    assert stem("employees") == stem("employee") == stem("staff")
    assert stem("reimbursed") == stem("refund") == stem("reimbursement")


@given(st.text(max_size=300))
def test_tokens_stand_where_they_say(text: str):
    last = 0
    for token in tokenise(text):
        assert 0 <= token.start < token.end <= len(text)
        assert token.start >= last or token.surface == text[token.start : token.end]
        assert token.surface == text[token.start : token.end]
        assert token.value
        last = token.start


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Mon-Fri", "Monday-Friday"), ("Tues and Thurs", "Tuesday and Thursday"), ("Sat–Sun 10:00", "Saturday–Sunday 10:00"),
        ("20 min", "20 minutes"), ("2 hrs", "two hours"), ("14kg", "14 kilograms"), ("3 km", "3 kilometers"), ("2 GB", "2 gigabytes"),
        ("5 meters", "5 metres"),
    ],
)  # fmt: skip
def test_short_forms_are_what_they_stand_for(short, long):
    assert [token.value for token in tokenise(short)] == [token.value for token in tokenise(long)]


@pytest.mark.parametrize("text", ["The Sun is hot", "He sat down", "12 m/s", "a min value", "5 a day"])
def test_words_that_only_look_like_short_forms_stay(text):
    found = {token.value for token in tokenise(text)}
    assert not found & {"sunday", "saturday", "metr", "minut", "amper"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,234,567.89", ["1234567.89"]), ("4,90 Euro", ["4.9"]), ("Asterby,18400,21300,44", ["18400", "21300", "44"]),
        ("1,2,3", ["1", "2", "3"]), ("from 1.9 to 2.3 billion", ["1900000000", "2300000000"]), ("8-10 percent", ["8", "10"]),
        ("in 2022 and 10 percent", ["2022", "10"]), ("between 5 and 6 million", ["5000000", "6000000"]), ("38 cents", ["0.38"]),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: str, values: list[str]):
    assert [token.value for token in tokenise(text) if token.kind == "number"] == values


def test_both_ends_of_a_range_have_the_unit_behind_it():
    assert [token.unit for token in tokenise("12 to 15 euros, 8-10 percent") if token.kind == "number"] == [
        "€",
        "€",
        "%",
        "%",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from ten to twelve",
        "ten to twelve guests",
        "take one in the morning",
        "walk past one house",
        "nach acht Jahren",
    ],
)
def test_not_all_that_looks_like_a_time_is_one(text: str):
    assert not [token for token in tokenise(text) if token.kind == "time"]


def test_a_currency_at_the_end_of_a_name_is_that_of_its_number():
    assert [(token.value, token.unit) for token in tokenise("price nok: 549")][-1] == ("549", "kr")

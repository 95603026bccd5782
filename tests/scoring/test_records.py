"""What a claim says otherwise than a JSON record, and the healthy twin that says the same as it does."""

import json

import pytest

from weaklink.scoring import assess
from weaklink.scoring.claim import read_claim
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.records import Conflicts, Record

CAFE = {
    "name": "Cafe Ostmere",
    "hours": {"Monday": "0:0-0:0", "Tuesday": "8:0-14:0", "Wednesday": "8:0-14:0", "Sunday": "9:0-13:0"},
    "attributes": {
        "BusinessParking": {"garage": False, "street": False, "valet": False, "lot": True},
        "WiFi": "free",
        "OutdoorSeating": True,
        "RestaurantsReservations": False,
        "RestaurantsTakeOut": True,
        "Ambience": {"romantic": False, "casual": True},
        "Music": None,
    },
}


def conflicts(claim: str, record: object = CAFE) -> Conflicts:
    return Record(ContextIndex([json.dumps(record)])).conflicts(read_claim(claim))


@pytest.mark.parametrize(
    ("wrong", "right", "name"),
    [
        ("Garage and valet parking are available.", "Garage and valet parking are not available.", "false_said"),
        ("There is a lot, and street and valet parking.", "A lot is there, but garage, street, and valet parking are not.", "false_said"),
        ("It does not offer Wi-Fi.", "It offers Wi-Fi.", "true_denied"),
        ("It does not offer takeout.", "It does not take reservations.", "true_denied"),
        ("It has no outdoor seating.", "While it does not take reservations, outdoor seating is available.", "true_denied"),
        ("It takes no reservations and has no outdoor seating.", "It does not take reservations and has outdoor seating.", "true_denied"),
        ("The vibe is romantic.", "The vibe is not romantic.", "false_said"),
        ("It has no music.", "Whether there is music is not mentioned.", "unknown_denied"),
        ("It is closed on Sundays.", "It is closed on Mondays.", "wrong_hours"),
        ("It is open from 8 AM to 5 PM on Tuesday.", "It is open from 8 AM to 2 PM on Tuesday.", "wrong_hours"),
        ("It takes reservations, however, and has Wi-Fi.", "It does not, however, take reservations.", "false_said"),
        ("It has Wi-Fi and takes reservations.", "Despite the lack of reservations and take-in service, it has Wi-Fi.", "false_said"),
        ("It has no music.", "The record does not provide any information on music.", "unknown_denied"),
        ("It is open on Tuesday and Wednesday from 8 AM to 2 PM, and on Sunday from 8 AM to 2 PM.",
         "From 8 AM to 2 PM on Tuesday and Wednesday, with shorter hours on Sundays (9 AM to 1 PM).", "wrong_hours"),
        ("It opens at 8 AM on Tuesday, Wednesday and Sunday.", "It opens at 8 AM on Tuesday and Wednesday.", "wrong_hours"),
        ("It is open Tuesday to Sunday from 8 AM to 2 PM, except on Sundays when it is closed.",
         "It is open on Tuesday and Wednesday from 8 AM to 2 PM, except on Mondays when it is closed.", "wrong_hours"),
        ("It is open every day of the week.", "It is open on Tuesday, Wednesday and Sunday, and closed on Monday.", "missing_days"),
    ],
)  # fmt: skip
def test_a_conflict_is_found_and_its_healthy_twin_is_not_one(wrong, right, name):
    assert getattr(conflicts(wrong), name) > 0
    assert conflicts(right)._replace(polarity=0.0) == Conflicts()


def test_days_of_a_record_that_leaves_its_hours_open_are_missing():
    assert conflicts("It is open on Friday.", {"name": "Cafe", "hours": None}).missing_days == 1
    assert conflicts("It is open on Friday.", {"name": "Cafe", "opens": "daily"}).missing_days == 0


def test_a_place_that_is_open_around_the_clock_all_week_is_open():
    always = {"hours": dict.fromkeys(("Friday", "Saturday", "Sunday"), "0:0-0:0")}
    assert conflicts("It is open on Friday and Saturday.", always) == Conflicts()


def test_a_day_that_is_named_by_itself_leaves_its_range():
    week = {"hours": dict.fromkeys(("Monday", "Tuesday", "Wednesday", "Thursday"), "9:0-17:0") | {"Friday": "9:0-15:0"}}
    assert (
        conflicts("It is open from 9 to 5 pm from Monday to Friday, and on Friday from 9 am to 3 pm.", week)
        == Conflicts()
    )
    assert conflicts("It is open Monday to Friday from 9 am to 5 pm.", week).wrong_hours == 1


def test_what_agrees_does_not_make_up_for_what_conflicts():
    assert conflicts("It has outdoor seating and Wi-Fi.").polarity == 2
    assert conflicts("It has outdoor seating, Wi-Fi and music.").polarity == 0


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        ("It has outdoor seating, but the vibe is romantic and trendy.", "the vibe is romantic and trendy"),
        ("Wi-Fi is free, and on Tuesday it is open from 10 PM to 11 PM.", "Tuesday it is open from 10 PM to 11 PM"),
    ],
)  # fmt: skip
def test_what_conflicts_with_a_record_is_what_is_shown_as_unsupported(claim, shown):
    (verdict,) = assess(claim, [json.dumps(CAFE)])
    assert [claim[start:end].strip(" .,") for start, end in verdict.unsupported] == [shown]

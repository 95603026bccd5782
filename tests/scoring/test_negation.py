"""A clause that denies what the passages state, or states what they deny, beside twins that only look alike."""

import pytest

from weaklink.scoring.claim import read_claim
from weaklink.scoring.contradiction import contradictions
from weaklink.scoring.groundedness import assess
from weaklink.scoring.index import index_of

LEASE = (
    "The lease for the warehouse on Dock Road was signed by Ingrid Falk on behalf of the cooperative after the members had "
    "approved it by a show of hands. The rent is payable quarterly in advance."
)
BOILER = (
    "When the pressure valve sticks, the controller shuts the burner off and shows code E4 on the display; the pump keeps running "
    "so that the heat is carried away. The burner must not be restarted before the valve has been replaced by a technician."
)
BADGES = (
    "Contractors must return their access badges to the gatehouse on the last working day, and badges that are kept longer than "
    "five days are blocked. Visitors are always accompanied."
)
BRIDGE = "The inquiry found that the design had made no explicit allowance for wind loading, and that the castings were poor."
SPLEEN = "The spleen acts primarily as a blood filter. It also recycles iron."
TRAINS = "Local trains stop at Ardrossan every half hour. Express trains run through without stopping at Ardrossan."
HOME = (
    "Staff may work from home up to two days a week. During the first three months staff may not work from home, unless the team "
    "lead agrees."
)
OVERTIME = "Overtime is paid out only with the approval of the site manager; without it, hours go to the time account."
CANTEEN = "The canteen is not open at weekends. Guests pay nine euros for a meal."


def said(passage: str, claim: str, question: str = "") -> list[tuple[str, str]]:
    found = contradictions(read_claim(claim, question), index_of((passage,)))
    return [(item.claimed, item.instead) for item in found if item.kind == "negation"]


@pytest.mark.parametrize(
    ("passage", "claim", "turned"),
    [
        (
            LEASE,
            "The lease for the warehouse on Dock Road was never signed by Ingrid Falk.",
            ("never signed", "signed"),
        ),
        (
            LEASE,
            "Ingrid Falk signed it, although the members had not approved it by a show of hands.",
            ("not approved", "approved"),
        ),
        (
            BOILER,
            "The controller does not shut the burner off and shows code E4 on the display.",
            ("not shut", "shuts"),
        ),
        (BOILER, "The pump doesn't keep running so that the heat is carried away.", ("doesn't keep", "keeps")),
        (
            BOILER,
            "It may be restarted before the valve has been replaced by a technician.",
            ("restarted", "not restarted"),
        ),
        (BADGES, "Contractors need not return their access badges to the gatehouse.", ("not return", "return")),
        (BADGES, "Badges that are kept longer than five days aren't blocked.", ("aren't blocked", "blocked")),
        (
            BRIDGE,
            "The inquiry found that the design had made explicit allowance for wind loading.",
            ("explicit", "no explicit"),
        ),
        (BRIDGE, "The inquiry found that the castings weren't poor.", ("weren't poor", "poor")),
        (
            SPLEEN,
            "The spleen acts primarily as a blood filter, but it does not recycle iron.",
            ("not recycle", "recycles"),
        ),
        (CANTEEN, "The canteen is open at weekends, and guests pay nine euros for a meal.", ("open", "not open")),
    ],
)
def test_a_clause_that_says_the_opposite_is_a_contradiction_and_says_of_which_word(passage, claim, turned):
    assert said(passage, claim) == [turned]


@pytest.mark.parametrize(
    ("passage", "claim"),
    [
        (LEASE, "The lease for the warehouse on Dock Road was signed by Ingrid Falk, not by a tenant."),
        (BOILER, "The burner must not be restarted before the valve has been replaced by a technician."),
        (BOILER, "The burner cannot be restarted before the valve has been replaced by a technician."),
        (BADGES, "Contractors must not keep their access badges longer than five days."),
        (BRIDGE, "The design had not made any explicit allowance for wind loading."),
        (TRAINS, "Local trains stop at Ardrossan every half hour; express trains do not stop at Ardrossan."),
        (HOME, "Staff may work from home up to two days a week, but not during the first three months."),
        (HOME, "During the first three months staff may not work from home."),
        (OVERTIME, "Overtime is not paid out without the approval of the site manager."),
        ("Do guests not pay for a meal in the canteen?", "Guests pay for a meal in the canteen."),
        ("Unless the valve is not closed, water runs into the tank.", "The valve is closed, water runs into the tank."),
    ],
)
def test_a_negation_that_agrees_or_that_speaks_of_something_else_is_none(passage, claim):
    assert said(passage, claim) == []


def test_a_bare_no_denies_the_question_as_a_whole():
    question = "Is the rent of the warehouse payable quarterly in advance?"
    passage = "The rent of the warehouse is payable quarterly in advance."
    assert said(passage, "No.", question)
    assert not said(passage, "Yes.", question)
    assert not said("The rent of the warehouse is not payable quarterly in advance.", "No.", question)


def test_a_long_sentence_that_is_denied_is_contradicted_and_shows_the_passage():
    claim = LEASE.partition(". ")[0].replace("was signed", "was not signed") + "."
    verdict = assess(claim, (BADGES, LEASE), "Who signed the lease?")[0]
    assert (verdict.label, verdict.passage, verdict.detail) == (
        "contradicted",
        1,
        ("not signed (the passage says: signed)",),
    )
    assert assess(claim.replace(" not", ""), (BADGES, LEASE), "Who signed the lease?")[0].label == "supported"


def test_a_name_is_exchanged_only_where_the_passage_speaks_of_the_same_thing():
    passage = "Mount Logan is the highest mountain in the state of Yukon."
    kinds = lambda claim: [item.kind for item in contradictions(read_claim(claim), index_of((passage,)))]  # noqa: E731
    assert kinds("Here, Mount Logan is the highest mountain in the state of Alberta.") == ["name"]
    assert kinds("Here, Mauna Kea is the highest mountain in the state of Hawaii.") == []


def test_before_and_after_exclude_each_other_only_of_one_thing():
    passage = "After the reform, women vote in the city."
    kinds = lambda claim: [item.kind for item in contradictions(read_claim(claim), index_of((passage,)))]  # noqa: E731
    assert kinds("Women vote in the city before the reform.") == ["word"]
    assert kinds("Women vote in the city before noon.") == []

"""English words that exclude each other: "before" and "after", "daily" and "weekly", "rise" and "fall"."""

from weaklink.scoring.text.lexicon import DAYS
from weaklink.scoring.text.stems import stem

_EXCLUSIVE_WORDS = """
all none
always never
before after
maximum minimum
increase decrease
rise fall
open closed
free paid
mandatory optional
compulsory voluntary
daily weekly monthly quarterly yearly annually
day week month quarter year
hours days weeks months years minutes seconds
morning afternoon evening night
allowed prohibited forbidden
permitted prohibited forbidden
early late
north south east west
accept reject
approve deny
include exclude
enabled disabled
internal external
public private
above below
higher lower
black white red green blue yellow purple orange
full-time part-time
once twice
primary secondary
summer winter spring autumn
"""


def _exclusive() -> dict[str, list[frozenset[str]]]:
    sets = [frozenset(stem(word) for word in line.split()) for line in _EXCLUSIVE_WORDS.strip().split("\n")]
    sets.append(frozenset(stem(day) for day in DAYS))
    table: dict[str, list[frozenset[str]]] = {}
    for members in sets:
        for word in members:
            table.setdefault(word, []).append(members)
    return table


EXCLUSIVE = _exclusive()
_OPPOSITE_WORDS = """
increase rise grow climb gain raise expand / decrease fall drop decline shrink reduce lower cut
win / lose
allow permit enable / prevent forbid prohibit disable
confirm / deny
include / exclude omit
begin start / end finish stop
buy / sell
arrive / depart leave
success succeed / failure fail
safe harmless / dangerous harmful unsafe
cheap / expensive
hot warm / cold cool
strengthen / weaken
improve / worsen
accept / refuse reject decline
present / absent
agree / disagree
shorter / longer
fewer less / more
"""
"""Words on one side exclude those on the other; those on one side go together."""


def _opposites() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for line in _OPPOSITE_WORDS.strip().split("\n"):
        sides = [frozenset(stem(word) for word in side.split()) for side in line.split("/")]
        for one, other in (sides, sides[::-1]):
            table.update({word: table.get(word, frozenset()) | other for word in one})
    return table


OPPOSITES = _opposites()
CHANGES = frozenset(
    stem(word) for line in _OPPOSITE_WORDS.strip().split("\n")[:2] for word in line.split() if word != "/"
)
"""What one of two things may do while the other does the opposite: rise and fall, win and lose."""
_ENDED_WORDS = """
dropped removed discontinued abolished cancelled withdrawn revoked ceased refused rejected waived suspended
"""
ENDED = frozenset(stem(word) for word in _ENDED_WORDS.split())
"""What something may be besides "not": support that was dropped is none."""

"""The stemmer that makes "employees" and "employee" one word, and "staff" another name for it."""

import functools
from typing import Any

_SYNONYMS = """
vacation holiday holidays leave pto
employee staff worker personnel colleague teammate
annual yearly annually year
monthly month
weekly week
daily day
start begin commence
end finish conclude
buy purchase
cost price fee charge
boss manager supervisor
remote remotely home telecommute
help assist support
quick fast rapid
big large
small little
show display
build construct
create established founded found establish
city town
firm company business organisation organization employer
car vehicle automobile
doctor physician
child kid
film movie
illness sickness sick
pay salary wage paid compensation
phone telephone
mail email e-mail
error bug fault
delete remove erase
refund reimburse reimbursement
ask request
decide decision
keep retain store
choose select pick
forbid prohibit ban
allow permit
lead head run direct
live reside
atmosphere ambience ambiance vibe
takeout takeaway
weigh weight
high height
wide width
deep depth
"""

_IRREGULAR = """
began begun begin
bought buy
brought bring
built build
came come
chose chosen choose
drove driven drive
fell fallen fall
fought fight
gave given give
grew grown grow
held hold
kept keep
knew known know
led lead
lost lose
made make
meant mean
met meet
paid pay
ran run
rose risen rise
sang sung sing
sank sunk sink
sent send
slept sleep
sold sell
spent spend
spoke spoken speak
stole stolen steal
stood stand
struck strike
swam swum swim
swore sworn swear
taught teach
threw thrown throw
told tell
took taken take
went gone go
won win
wore worn wear
wrote written write
"""
"""Forms of irregular verbs, each line ending with the verb; only those that are no other word ("left", "saw", "found")."""

_LONGEST_WORD = 40


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a lower-case word: suffixes stripped, one name for synonyms ("staff" is "employee")."""
    found = _strip(word)
    return _canonical().get(found, found)


def _strip(word: str) -> str:
    if len(word) <= 3 or len(word) > _LONGEST_WORD:
        return word[:_LONGEST_WORD]
    return _english().stemWord(word.replace("’", "'"))


@functools.cache
def _english() -> Any:
    # Porter2 (Snowball English): http://snowballstem.org/algorithms/english/stemmer.html
    import Stemmer

    return Stemmer.Stemmer("english")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


@functools.cache
def _canonical() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in _IRREGULAR.strip().split("\n"):
        *forms, verb = line.split()
        table.update(dict.fromkeys(map(_strip, forms), _strip(verb)))
    for line in _SYNONYMS.strip().split("\n"):
        words = [_strip(word) for word in line.split()]
        alike = dict.fromkeys(words[1:], words[0])
        alike |= {form: words[0] for form, verb in table.items() if verb in words}
        table.update(alike)
    return table

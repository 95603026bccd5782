"""The stemmer that makes "employees" and "employee" one word, and "staff" another name for it."""

import functools

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
keep retain store
choose select pick
forbid prohibit ban
allow permit
lead head run direct
live reside
"""

_SUFFIXES = (
    ("ational", "ate"), ("ization", "ize"), ("isation", "ize"), ("fulness", "ful"), ("ousness", "ous"),
    ("iveness", "ive"), ("ations", "at"), ("ation", "at"), ("ies", "y"), ("ied", "y"), ("sses", "ss"),
    ("ments", "ment"),
)  # fmt: skip
_ENDINGS = ("ingly", "edly", "ing", "ed", "es", "s", "ly", "er", "or", "est", "ment", "ness", "e")


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a lower-case word: suffixes stripped, one name for synonyms ("staff" is "employee")."""
    found = _strip(word)
    return _CANONICAL.get(found, found)


def _strip(word: str) -> str:
    if len(word) <= 3 or len(word) > 40:
        return word[:40]
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    for ending, instead in _SUFFIXES:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            word = word[: -len(ending)] + instead
            break
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not (ending == "s" and word.endswith("ss")):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    if word.endswith("i"):
        word = word[:-1] + "y"
    if word.endswith("at") and len(word) > 5:
        word = word[:-2]
    return word


def _canonical() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in _SYNONYMS.strip().split("\n"):
        words = [_strip(word) for word in line.split()]
        table.update(dict.fromkeys(words[1:], words[0]))
    return table


_CANONICAL = _canonical()

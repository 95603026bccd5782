"""From clauses to SQL: a condition over the row `t` of `traces`, every value of the user a parameter."""

from __future__ import annotations

from dataclasses import dataclass

from weaklink.query.fields import FIELDS, Field
from weaklink.query.parse import Clause, Query, Test
from weaklink.query.unspaced import apart

_WORDS = "+t.seq IN (SELECT rowid FROM search WHERE search MATCH ?)"
# Of GLOB's own signs only the star means something here.
_LITERAL = str.maketrans({"[": "[[]", "?": "[?]"})
_LARGEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Condition:
    """What stands after WHERE, and its parameters; "1" for every trace."""

    sql: str
    parameters: tuple[str | int | float, ...] = ()


def condition_of(query: Query) -> Condition:
    """The condition that all clauses of `query` hold; no clause is left out."""
    parts = [_clause(clause) for clause in query.clauses]
    if not parts:
        return Condition("1")
    return Condition(" AND ".join(part.sql for part in parts), tuple(p for part in parts for p in part.parameters))


def _clause(clause: Clause) -> Condition:
    found = _words(clause.words) if clause.field is None else _alternatives(clause.field, clause.tests)
    # Not true, rather than false: a trace without any value fits "-failure:no_results" too.
    return (
        Condition(f"({found.sql}) IS NOT TRUE", found.parameters)
        if clause.negated
        else Condition(f"({found.sql})", found.parameters)
    )


def _words(words: str) -> Condition:
    """Each clause becomes one quoted FTS5 string, so that nothing a user types is an operator; a star at its end is a prefix."""
    is_prefix = words.endswith("*")
    quoted = '"' + apart(words.rstrip("*")).strip().replace('"', '""').replace("\0", "") + '"'
    return Condition(_WORDS, (quoted + ("*" if is_prefix else ""),))


def _alternatives(field: Field, alternatives: tuple[tuple[Test, ...], ...]) -> Condition:
    parts = [_absent(field) if tests[0].value is None else _fits(field, tests) for tests in alternatives]
    return Condition(" OR ".join(part.sql for part in parts), tuple(p for part in parts for p in part.parameters))


def _absent(field: Field) -> Condition:
    """The trace has no value there."""
    if field.within == "{}":
        absent = " AND ".join(f"{column} IS NULL" for column in field.columns)
    else:
        absent = "NOT " + field.within.format(f"{field.columns[0]} IS NOT NULL")
    return Condition(f"({absent})", _name(field) * len(field.columns))


def _fits(field: Field, tests: tuple[Test, ...]) -> Condition:
    """One of the field's columns holds all tests."""
    columns: list[str] = []
    parameters: list[str | int | float] = []
    for column in field.columns:
        conditions = [_test(field, column, test) for test in tests]
        columns.append(" AND ".join(condition.sql for condition in conditions))
        parameters += [p for condition in conditions for p in condition.parameters]
    return Condition(field.within.format(f"({' OR '.join(columns)})"), tuple(parameters))


def _test(field: Field, column: str, test: Test) -> Condition:
    if isinstance(test.value, str):
        return _text(column, test.value, exact=field.is_exact)
    value = max(-_LARGEST, min(_LARGEST, test.value)) if isinstance(test.value, int) else test.value
    sign = "=" if test.operator == "is" else test.operator
    return Condition(f"{column} {sign} ?", (*_name(field), value or 0))


def _name(field: Field) -> tuple[str, ...]:
    """A score's name is the user's, and so a parameter."""
    return () if field.name in FIELDS else (field.name,)


def _text(column: str, value: str, *, exact: bool) -> Condition:
    if exact and "*" not in value:
        return Condition(f"{column} = ?", (value,))
    if "*" not in value:
        return Condition(f"lower({column}) = ?", (value.lower(),))
    return Condition(f"lower({column}) GLOB ?", (value.lower().translate(_LITERAL),))

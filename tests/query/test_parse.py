"""What a query may say, and what is said to somebody who typed another thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklink.query import FIELDS, BadQuery, Query, condition_of, parse_query

NOW = 1_767_225_600_000_000_000
HOUR = 3_600_000_000_000


def parse(text: str, scores: tuple[str, ...] = ()) -> Query:
    return parse_query(text, NOW, lambda: scores)


def said(text: str, scores: tuple[str, ...] = ()) -> list[tuple[str, object]]:
    """Each clause as its field and what it compares with, or its words."""
    return [
        (
            ("-" if clause.negated else "") + (clause.field.name if clause.field else "words"),
            clause.words or [[(test.operator, test.value) for test in tests] for tests in clause.tests],
        )
        for clause in parse(text, scores).clauses
    ]


def test_each_field_is_named_once_where_none_was_meant():
    with pytest.raises(BadQuery) as raised:
        parse("foo:bar", ("groundedness", "politeness"))
    named = str(raised.value).partition("fields are ")[2].partition(". To find the text itself, type ")
    assert named[2] == '"foo:bar"'
    fields = named[0].split(", ")
    assert len(fields) == len(set(fields))
    assert "politeness" in fields


def test_the_grammar_in_one_line():
    assert said('verdict:broken step:retriever relevance:<0.3 latency:>2s "refund policy" -draft') == [
        ("verdict", [[("is", "broken")]]), ("step", [[("is", "retriever")]]), ("relevance", [[("<", 0.3)]]),
        ("latency", [[(">", 2_000_000_000)]]), ("words", "refund policy"), ("-words", "draft"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("verdict:broken,degraded", ("verdict", [[("is", "broken")], [("is", "degraded")]])),
        ("-VERDICT:OK", ("-verdict", [[("is", "ok")]])),
        ("verdict:none", ("verdict", [[("is", None)]])),
        ("relevance:none", ("relevance", [[("is", None)]])),
        ("latency:200ms..2s", ("latency", [[(">=", 200_000_000), ("<=", 2_000_000_000)]])),
        ("latency:..1.5min", ("latency", [[("<=", 90_000_000_000)]])),
        ("tokens:>=1e3", ("tokens", [[(">=", 1000.0)]])),
        ("steps:8", ("steps", [[("is", 8.0)]])),
        ("since:2h", ("since", [[(">=", NOW - 2 * HOUR)]])),
        ("until:1970-01-02T00:00:00+00:00", ("until", [[("<", 24 * HOUR)]])),
        ('name:"my chain, v2"', ("name", [[("is", "my chain, v2")]])),
        ('"say \\"hi\\""', ("words", 'say "hi"')),
        ("refund*", ("words", "refund*")),
        ("error:*RateLimitError", ("error", [[("is", "*RateLimitError")]])),
    ],
)
def test_a_clause(text: str, clause: tuple[str, object]):
    assert said(text) == [clause]


def test_scores_that_the_store_has_are_fields_too():
    names = ("ragas:faithfulness", "Tone")
    assert said("ragas:faithfulness:<0.5 tone:>0.2", names) == [
        ("ragas:faithfulness", [[("<", 0.5)]]),
        ("Tone", [[(">", 0.2)]]),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("verdct:broken", "no field 'verdct'; did you mean verdict:? To find the text itself, type \"verdct:broken\""),
        ("verdict:borken", "verdict is one of ok, recovered, degraded, broken, unknown, none; did you mean broken?"),
        ("groundednes:<0.3", "there is no field 'groundednes'; did you mean groundedness:?"),
        ("http://example.org", "there is no field 'http'; fields are verdict, step,"),
        ("verdict:", "verdict: has no value; type for instance verdict:broken"),
        ("verdict:,", "verdict:, has no value; type for instance verdict:broken"),
        ('"open', "a quotation mark stands alone"),
        ('name:"open', "a quotation mark stands alone"),
        ("a OR b", "OR is not part of the grammar"),
        ("latency:>2", "latency:>2 cannot be read: a duration is a number and a unit"),
        ("relevance:low", "relevance takes a number, such as relevance:<0.3 or 0.2..0.5"),
        ("relevance:nan", "relevance takes a number"),
        ("tokens:..", "tokens takes a number"),
        ("since:soon", "a time is a date (2026-01-31, 2026-01-31T14:00), today, yesterday, or how long ago"),
        ("???", "'???' cannot be found: words are made of letters and digits; leave it out"),
        ("a " * 41, "it has 41 clauses, at most 40 are allowed"),
        ("a" * 2001, "it has 2001 characters, at most 2000 are allowed"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_an_error_that_says_what_was_meant(text: str, message: str):
    with pytest.raises(BadQuery) as raised:
        parse(text)
    assert message in str(raised.value)


def test_every_example_of_the_field_table_is_understood():
    for field in FIELDS.values():
        assert [name for name, _ in said(f"{field.name}:{field.example}")] == [field.name]


_PARTS = st.one_of(
    st.text(max_size=12),
    st.builds("{}:{}".format, st.sampled_from([*FIELDS, "relevance", "nope"]), st.text(max_size=8)),
)


@given(st.lists(_PARTS, max_size=6).map(" ".join))
def test_whatever_is_typed_is_an_error_or_a_condition(text: str):
    try:
        query = parse(text)
    except BadQuery:
        return
    condition = condition_of(query)
    assert condition.sql.count("?") == len(condition.parameters)
    assert bool(query.clauses) == bool(text.strip())
    assert (condition.sql == "1") == (not query.clauses)

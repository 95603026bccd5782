import json

from hypothesis import given
from hypothesis import strategies as st

from weaklink.scoring.text.units import is_record, units_of

RECORD = (
    '{"name": "Blue Door", "hours": {"Monday": "8:0-17:0"},'
    ' "attributes": {"WiFi": "free", "DogsAllowed": false, "Music": null}}'
)


def test_a_record_becomes_one_unit_per_value():
    assert [(unit.text, unit.polarity) for unit in units_of(RECORD)] == [
        ("name: Blue Door", 1),
        ("hours Monday: 8:0 to 17:0", 1),
        ("attributes Wi Fi: free", 1),
        ("attributes Dogs Allowed: no", -1),
        ("attributes Music: unknown", 0),
    ]
    assert RECORD[units_of(RECORD)[3].start : units_of(RECORD)[3].end] == '"DogsAllowed": false'


def test_what_only_starts_like_json_is_prose():
    assert not is_record("[1] Employees get 25 days.")
    assert len(units_of("{not json. But two sentences.")) == 2


def test_prose_units_carry_the_words_of_their_place():
    text = "passage 1: Dogs are allowed. Cats are not."
    assert [(text[unit.start : unit.end], unit.negated) for unit in units_of(text)] == [
        ("Dogs are allowed.", False),
        ("Cats are not.", True),
    ]


@given(
    st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=90),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
            max_leaves=12,
        ).map(json.dumps),
    )
)
def test_units_lie_inside_their_passage(passage: str):
    for unit in units_of(passage):
        assert 0 <= unit.start <= unit.end <= len(passage)


def test_deep_nesting_does_not_raise():
    units_of("[" * 3000 + "]" * 3000)
    units_of('{"a":' * 3000 + "1" + "}" * 3000)


def test_a_switch_below_its_section_says_whether_the_section_is_on():
    units = units_of("server:\n  tls: false\ncache:\n  enabled: true\n  size: 20")
    assert [(unit.text, unit.key, unit.polarity) for unit in units if unit.key] == [
        ("tls: no", "tls", -1),
        ("cache: yes", "cache", 1),
    ]

from hypothesis import given
from hypothesis import strategies as st

from weaklink.scoring.text.sentences import split_sentences


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


def test_abbreviations_initials_and_lower_case_do_not_end_a_sentence():
    assert pieces("Dr. Hoff leads it. He e.g. works until 5 p.m. daily. J. Smith left!") == [
        "Dr. Hoff leads it.",
        "He e.g. works until 5 p.m. daily.",
        "J. Smith left!",
    ]


def test_lines_are_sentences_and_list_numbers_stay_with_their_item():
    assert pieces("Rules:\n1. First rule\n2. Second rule. It is short.") == [
        "Rules:",
        "1. First rule",
        "2. Second rule.",
        "It is short.",
    ]


def test_a_text_without_visible_characters_has_no_sentences():
    assert split_sentences("") == []
    assert split_sentences(" \n\t ") == []


def test_a_long_text_without_full_stops_is_cut():
    found = split_sentences("word " * 2000)
    assert len(found) > 10
    assert all(end - start <= 600 for start, end in found)


@given(st.text(max_size=400))
def test_sentences_are_in_order_apart_and_trimmed(text: str):
    last = 0
    for start, end in split_sentences(text):
        assert last <= start < end <= len(text)
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        last = end

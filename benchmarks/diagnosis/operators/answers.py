"""Faults of the model that writes the answer, and of the parser behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from benchmarks.diagnosis.operators.operator import Operator
from benchmarks.diagnosis.pieces import Pieces, Reply
from benchmarks.diagnosis.situation import Situation, denied, other_name, other_number
from weaklink.scoring.question import frequencies
from weaklink.scoring.text.sentences import split_sentences


def _says(pieces: Pieces, text: str | None, finish: str = "stop") -> Pieces | None:
    return None if text is None else pieces.but(answer=lambda prompt: Reply(text, finish))


def number_changed(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """A number of the answer is another one."""
    return _says(pieces, other_number(at.good, at.chance))


def name_changed(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """A name of the answer is another one."""
    return _says(pieces, other_name(at.good, at.chance))


def denied_answer(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer says no where the passage says yes."""
    return _says(pieces, denied(at.good, at.chance))


def foreign_sentence(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The answer goes on with a sentence about something that no passage mentions."""
    text = at.chance.choice(at.foreign.passages)
    places = [text[a:b] for a, b in split_sentences(text) if b - a > 50] or [text]
    return pieces.but(answer=lambda prompt: Reply(f"{at.good} {places[0]}"))


def invented_detail(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The answer ends with a detail that the model made up."""
    subject = at.subject[:1].upper() + at.subject[1:]
    detail = at.chance.choice(
        [
            f"{subject} was first described in {at.chance.randint(1890, 1990)} by Professor Hartwell in Bremen.",
            f"According to a survey, {at.chance.randint(11, 89)} percent of people in Norway agree with this.",
            f"The rule was introduced after the Ashford report and costs about ${at.chance.randint(12, 95)} million a year.",
        ]
    )
    return pieces.but(answer=lambda prompt: Reply(f"{at.good} {detail}"))


def short_refusal(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model says that it does not know, and its context holds the answer."""
    return pieces.but(answer=lambda prompt: Reply("I don't know."))


def wordy_refusal(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The same in many words."""
    text = at.chance.choice(
        [
            "I'm sorry, but the provided context does not contain the information needed to answer this question.",
            "The documents do not mention this. Please consult another source for the answer.",
            "Based on the given passages, it is not possible to answer the question.",
        ]
    )
    return pieces.but(answer=lambda prompt: Reply(text))


def stops_inside_a_sentence(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer stops in the middle of a sentence, and the model reports a regular end."""
    words = at.good.split()
    if len(words) < 12:
        return None
    kept = " ".join(words[: int(len(words) * (0.7 - 0.3 * strength))]).rstrip(".,;:!? ")
    return _says(pieces, kept if kept.split()[-1][:1].islower() else f"{kept} and the")


def promises_a_list(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer announces several points and gives none or one."""
    sentences = [at.good[a:b] for a, b in split_sentences(at.good)]
    lead = at.chance.choice(["There are three parts to this:", "The following steps are needed:"])
    return _says(pieces, f"{lead}\n1. {sentences[0]}\n2." if strength > 0.5 else lead)


def answers_another_question(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model quotes a passage that it was shown, but not the one that was asked about."""

    def answer(prompt: str) -> Reply:
        shown = [
            text for passage in at.without_gold() if passage[:80] in prompt
            for a, b in split_sentences(passage) if len(text := passage[a:b]) > 60 and text in prompt
        ]  # fmt: skip
        asked = frequencies(at.question.text).keys()
        rated = sorted(shown, key=lambda text: len(asked & frequencies(text).keys()))
        return Reply(rated[0] if rated else at.other_question().answers[0])

    return pieces.but(answer=answer)


def answers_beside_the_point(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The model quotes a sentence of the right passage that does not answer."""
    asked = frequencies(at.question.text).keys()
    rest = [
        text for passage in at.gold for a, b in split_sentences(passage)
        if len(text := passage[a:b]) > 60 and text not in at.evidence and not asked & frequencies(text).keys()
    ]  # fmt: skip
    return _says(pieces, rest[-1] if rest else None)


def token_limit(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The model runs into its token limit."""
    words = at.good.split()
    if len(words) < 6:
        return None
    return _says(pieces, " ".join(words[: max(3, int(len(words) * (0.8 - 0.5 * strength)))]), "length")


def token_limit_elsewhere(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The same, in the words of another provider."""
    words = at.good.split()
    if len(words) < 6:
        return None
    return _says(pieces, " ".join(words[: max(3, int(len(words) * 0.5))]), "max_tokens")


def says_nothing(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model returns an empty text."""
    return pieces.but(answer=lambda prompt: Reply(""))


def says_white_space(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model returns line breaks."""
    return pieces.but(answer=lambda prompt: Reply(" \n\n", "content_filter"))


def json_expected(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The parser expects JSON; the model writes sentences."""
    return pieces.but(parse=json.loads)


def label_expected(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The parser expects "Final answer:" and raises without it."""

    def parse(text: str) -> Any:
        if "Final answer:" not in text:
            raise ValueError(f"could not parse: {text[:40]!r}")
        return text

    return pieces.but(parse=parse)


_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def _number_parser(read: Callable[[str], float]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        found = _NUMBER.search(text)
        return {"value": read(found[0]) if found else 0.0}

    return parse


def decimal_comma(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The parser reads the numbers of another country: "1,400" becomes 1.4."""
    found = _NUMBER.search(at.good)
    if not found or "," not in found[0].strip(",") or found[0].endswith(","):
        return None
    return pieces.but(
        parse=_number_parser(lambda text: float(text.replace(".", "").replace(",", ".", 1).replace(",", "")))
    )


def first_digits(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The parser keeps two digits of a number."""
    found = _NUMBER.search(at.good)
    if not found or len(found[0].replace(",", "").partition(".")[0]) < 3:
        return None
    return pieces.but(parse=_number_parser(lambda text: float(text.replace(",", "")[:2])))


def number_by_default(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The parser does not find its pattern and returns a default of zero."""
    return pieces.but(parse=lambda text: {"value": 0.0}) if _NUMBER.search(at.good) else None


_MADE_UP = ("contradicted", "unsupported")
"""A swapped value contradicts its passage and is supported by none: either name is right."""
ANSWERS: tuple[Operator, ...] = (
    Operator(_MADE_UP, "generate", number_changed),
    Operator(_MADE_UP, "generate", name_changed, unseen=True),
    Operator(_MADE_UP, "generate", denied_answer, unseen=True),
    Operator(("unsupported", "contradicted"), "generate", foreign_sentence),
    Operator(("unsupported", "contradicted"), "generate", invented_detail, unseen=True),
    Operator(("false_abstention",), "generate", short_refusal),
    Operator(("false_abstention",), "generate", wordy_refusal, unseen=True),
    Operator(("incomplete",), "generate", stops_inside_a_sentence),
    Operator(("incomplete",), "generate", promises_a_list, unseen=True),
    Operator(("off_question",), "generate", answers_another_question),
    Operator(("off_question",), "generate", answers_beside_the_point, unseen=True),
    Operator(("cut_off", "incomplete"), "generate", token_limit, hard=True),
    Operator(("cut_off", "incomplete"), "generate", token_limit_elsewhere, unseen=True, hard=True),
    Operator(("empty_output",), "generate", says_nothing, hard=True),
    Operator(("empty_output",), "generate", says_white_space, unseen=True, hard=True),
    Operator(("format_error", "raised"), "parse", json_expected, hard=True),
    Operator(("format_error", "raised"), "parse", label_expected, unseen=True, hard=True),
    Operator(("lost_in_parsing",), "parse", decimal_comma),
    Operator(("lost_in_parsing",), "parse", first_digits),
    Operator(("lost_in_parsing",), "parse", number_by_default, unseen=True),
)

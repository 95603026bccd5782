"""Turns the groundedness data sets into rows of alignment features."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import data as development
import numpy as np

from weaklink.scoring.answer import is_abstention
from weaklink.scoring.claim import Claim, names_in, read_claim
from weaklink.scoring.features import FEATURES, Aligner
from weaklink.scoring.groundedness import claims_nothing
from weaklink.scoring.index import ContextIndex, index_of
from weaklink.scoring.risk import bounded
from weaklink.scoring.spans import unsupported_spans
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.tokens import tokenise

NAMES = list(FEATURES)


@dataclass(frozen=True)
class Sentence:
    """One sentence of an answer."""

    answer: int
    group: str
    task: str
    model: str
    is_record: bool
    asked: bool
    features: tuple[float, ...]
    novel: frozenset[str]
    """The values that no passage has."""
    marked: bool
    least: float
    """The risk that an explicit contradiction makes of 0."""
    most: float
    """The risk that words taken over as they are leave of 1."""
    is_claim: bool
    words: int
    start: int
    end: int
    """Where it stands, in characters of the answer."""
    spans: tuple[tuple[int, int], ...]
    """The characters that the scorer would show as unsupported."""
    unlike: float
    """1 - the best tf-idf cosine of the sentence with a unit of its passages."""
    unmatched: float
    """1 - the best BM25 of the sentence with a unit of its passages, over its maximum."""


def sentences_of(
    number: int,
    group: str,
    task: str,
    model: str,
    text: str,
    passages: Sequence[str],
    question: str,
    marked: list[bool] | bool,
) -> list[Sentence]:
    aligner, silent = Aligner(index_of(tuple(passages))), is_abstention(text)
    found = []
    for place, (start, end) in enumerate(split_sentences(text)):
        claim = read_claim(text[start:end], question, follows=place > 0)
        alignment = aligner.align(claim)
        found.append(
            Sentence(
                number,
                group,
                task,
                model,
                aligner.index.is_record,
                bool(claim.asked),
                tuple(alignment.features[name] for name in NAMES),
                alignment.novel_values,
                marked if isinstance(marked, bool) else marked[place],
                bounded(0.0, claim, alignment, aligner.index),
                bounded(1.0, claim, alignment, aligner.index),
                bool(claim.values) and not claims_nothing(text[start:end], claim, whole_abstains=silent),
                len(claim.values),
                start,
                end,
                unsupported_spans(claim, alignment, aligner.index, start, end),
                *_baselines(claim, aligner.index),
            )
        )
    return found


def _baselines(claim: Claim, index: ContextIndex) -> tuple[float, float]:
    """What tf-idf cosine and BM25 say of a sentence: 1 - the best one over the units of its passages."""
    values = set(claim.values)
    weights = {value: index.weight(value) for value in values}
    own = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
    total = sum(weights.values()) or 1.0
    cosine = matched = 0.0
    for number in index.shared_weights(values):
        unit = index.units[number]
        length = math.sqrt(sum(index.weight(value) ** 2 for value in unit.values)) or 1.0
        shared = values & unit.values
        cosine = max(cosine, sum(weights[value] ** 2 for value in shared) / (own * length))
        shortness = 1.2 * (0.25 + 0.75 * len(unit.tokens) / 20)
        matched = max(matched, sum(weights[value] * 2.2 / (1 + shortness) for value in shared) / (2.2 * total))
    return 1 - cosine, 1 - matched


def ragtruth_sentences(folder: Path) -> list[Sentence]:
    found: list[Sentence] = []
    for number, row in enumerate(development.ragtruth(folder)):
        marked = [row.is_marked(start, end) for start, end in split_sentences(row.text)]
        found += sentences_of(number, row.source, row.task, row.model, row.text, (row.context,), row.question, marked)
    return found


def edited_sentences(folder: Path) -> list[Sentence]:
    """The sentences in which the two summaries of a BUMP pair differ; those of the unfaithful one are marked."""
    found: list[Sentence] = []
    for pair in development.bump(folder):
        good, bad = pair_sentences(pair)
        known = {sentence.features for sentence in good}, {sentence.features for sentence in bad}
        found += [sentence for sentence in good if sentence.features not in known[1]]
        found += [sentence for sentence in bad if sentence.features not in known[0]]
    return found


def pair_sentences(pair: development.Pair) -> tuple[list[Sentence], list[Sentence]]:
    """The sentences of the faithful and of the unfaithful summary."""
    context = (pair.context,)
    return (
        sentences_of(-1, pair.article, "bump", "", pair.faithful, context, "", False),
        sentences_of(-1, pair.article, "bump", "", pair.unfaithful, context, "", True),
    )


def matched_sentences(folder: Path) -> list[Sentence]:
    """Human answers of ClapNQ and MTRAG-UN with their own passages (carried) and with another question's (not carried).

    Beside each answer stand the names and numbers in it as bare answers, and RAGTruth's records with another record's
    text.
    """
    found: list[Sentence] = []
    for rows in (development.clapnq(folder), development.mtrag(folder)):
        answered = [row for row in rows if row.answerable and row.answer]
        for place, row in enumerate(answered):
            other = answered[(place + 7) % len(answered)]
            for passages, marked in ((row.passages, False), (other.passages, True)):
                texts = [row.answer, *_bare_values(row.answer, row.passages, other.passages)]
                for text in texts:
                    found += sentences_of(-1, row.group, row.set, "", text, passages, row.question, marked)
    return [sentence for sentence in found + _foreign_records(folder) if sentence.is_claim]


def _bare_values(answer: str, own: Sequence[str], foreign: Sequence[str]) -> list[str]:
    """A name and a number of the answer that its own passages hold and the foreign ones do not."""
    tokens = tuple(tokenise(answer))
    known, strange = index_of(tuple(own)).values, index_of(tuple(foreign)).values
    fit = [token for token in (*names_in(tokens), *(t for t in tokens if t.kind == "number")) if token.value in known]
    kinds = {token.kind: token.surface for token in fit if token.value not in strange}
    return list(kinds.values())


def _foreign_records(folder: Path) -> list[Sentence]:
    """Every sixth text on a record, beside another record, where less than half of its words stand there."""
    rows = [row for row in development.ragtruth(folder) if row.task == "data2txt"][::6]
    found: list[Sentence] = []
    for place, row in enumerate(rows):
        other = rows[(place + 7) % len(rows)]
        found += sentences_of(-1, row.source, "record", "", row.text, (other.context,), "", True)
    novel = NAMES.index("novel_weight")
    return [sentence for sentence in found if sentence.features[novel] > 0.5]


def matrix(sentences: Sequence[Sentence]) -> np.ndarray:
    """One column for each feature, and the record flag."""
    return np.array([[*sentence.features, float(sentence.is_record)] for sentence in sentences])


KINDS = ("question", "record", "text")


def kind(sentence: Sentence) -> str:
    """What can be told when a scorer runs: the passages are a record, there is a question, or neither."""
    return "record" if sentence.is_record else "question" if sentence.asked else "text"

"""Writes the training pairs of the cross-encoder: python benchmarks/scoring/pairs.py --data DIR --out pairs.jsonl.

A pair is a sentence beside the units that the lexical scorer would show for it, with the characters that are wrong; or
a question beside a context that answers it or not. Each carries the fold of its source, so that whole sources can be
kept apart.
"""

import argparse
import difflib
import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import data as development
import edits

from weaklink.scoring.claim import read_claim
from weaklink.scoring.index import ContextIndex, index_of
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.units import units_of
from weaklink_models.pair import pair_of
from weaklink_models.window import window_of

FOLDS = 5
Row = dict[str, Any]


def fold_of(group: str) -> int:
    """All pairs of one context, or of one conversation, are in one fold, also where two data sets share a context."""
    key = re.sub(r"\W+", "", group)[:200]
    return int(hashlib.sha1(key.encode()).hexdigest(), 16) % FOLDS


def row_of(
    kind: str,
    task: str,
    sentence: str,
    index: ContextIndex,
    fold: int,
    wrong: Iterable[tuple[int, int]] = (),
    question: str = "",
    **more: object,
) -> Row:
    claim = read_claim(sentence, question)
    wanted = claim.topic if claim.is_short else claim.values
    pair = pair_of(claim, index, index.evidence(wanted)[0])
    spans = [(start + pair.offset, end + pair.offset) for start, end in wrong]
    return {
        "kind": kind,
        "task": task,
        "fold": fold,
        "claim": pair.claim,
        "evidence": pair.evidence,
        "claim_marks": pair.claim_marks,
        "evidence_marks": pair.evidence_marks,
        "wrong": spans,
        "label": int(bool(spans)),
        **more,
    }


def real(folder: Path) -> Iterator[Row]:
    """Every sentence of every RAGTruth answer."""
    for number, answer in enumerate(development.ragtruth(folder)):
        index, fold = index_of((answer.context,)), fold_of(answer.context)
        for place, (start, end) in enumerate(split_sentences(answer.text)):
            wrong = [
                (max(first - start, 0), min(last, end) - start)
                for first, last in answer.marked
                if first < end and last > start
            ]
            yield row_of(
                "real", answer.task, answer.text[start:end], index, fold, wrong, answer.question,
                answer=number, place=place,
            )  # fmt: skip


def edited_answers(folder: Path, rng: random.Random) -> Iterator[Row]:
    """Unmarked sentences of RAGTruth answers with an error put in, or with a clause that another answer made up."""
    answers = development.ragtruth(folder)
    made_up: dict[tuple[str, int], list[str]] = {}
    for answer in answers:
        for first, last in answer.marked:
            if 3 <= len(answer.text[first:last].split()) <= 14 and "\n" not in answer.text[first:last]:
                made_up.setdefault((answer.task, fold_of(answer.context)), []).append(answer.text[first:last])
    for answer in answers:
        index, fold = index_of((answer.context,)), fold_of(answer.context)
        clean = [place for place in split_sentences(answer.text) if not answer.is_marked(*place)]
        for start, end in rng.sample(clean, min(3, len(clean))):
            sentence = answer.text[start:end]
            if len(sentence.split()) < 6:
                continue
            clauses = made_up.get((answer.task, fold), [])
            if clauses and rng.random() < 0.3:
                found = edits.with_clause(sentence, rng.choice(clauses))
            else:
                found = edits.with_error(sentence, answer.context, rng)
            if found:
                yield row_of("edited", answer.task, found.text, index, fold, found.spans, answer.question)


def bump(folder: Path) -> Iterator[Row]:
    """The sentences in which a BUMP pair differs."""
    for pair in development.bump(folder):
        index, fold = index_of((pair.context,)), fold_of(pair.context)
        good = [pair.faithful[start:end] for start, end in split_sentences(pair.faithful)]
        for start, end in split_sentences(pair.unfaithful):
            bad = pair.unfaithful[start:end]
            if bad in good:
                continue
            twin = max(good, key=lambda sentence: difflib.SequenceMatcher(None, sentence, bad).ratio())
            yield row_of("bump", "bump", bad, index, fold, differing(twin, bad), error=pair.error)
            yield row_of("bump", "bump", twin, index, fold, error=pair.error)


def differing(good: str, bad: str) -> list[tuple[int, int]]:
    """The characters of `bad` that are not in `good`; beside a gap, the words around it."""
    ours = re.findall(r"\S+", good)
    places = [match.span() for match in re.finditer(r"\S+", bad)]
    theirs = [bad[start:end] for start, end in places]
    found = []
    for tag, _, _, first, last in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag in ("replace", "insert"):
            found.append((places[first][0], places[last - 1][1]))
        elif tag == "delete" and places:
            at = min(first, len(places) - 1)
            found.append((places[max(0, at - 1)][0], places[at][1]))
    return found


def from_contexts(folder: Path, rng: random.Random) -> Iterator[Row]:
    """Sentences of prose contexts: said faithfully, with an error put in, or beside a foreign context."""
    contexts = {answer.context for answer in development.ragtruth(folder) if answer.task != "data2txt"}
    contexts |= {pair.context for pair in development.bump(folder)}
    folds = {context: fold_of(context) for context in contexts}
    folds |= {
        passage: fold_of(row.group) for row in answerable(folder) for passage in row.passages if len(passage) > 200
    }
    before: dict[int, list[str]] = {}
    for context in rng.sample(sorted(folds), len(folds)):
        index, fold = index_of((context,)), folds[context]
        places = [place for place, unit in enumerate(index.units) if 8 <= len(unit.text.split()) <= 38]
        for place in rng.sample(places, min(3, len(places))):
            text = index.units[place].text
            following = index.units[place + 1].text if place + 1 < len(index.units) else ""
            said = edits.faithful(text, following, rng)
            yield row_of("source", "text", said, index, fold)
            found = edits.with_error(said if rng.random() < 0.5 else text, context, rng)
            if found:
                yield row_of("source", "text", found.text, index, fold, found.spans)
        if before.get(fold) and rng.random() < 0.5:
            text = rng.choice(before[fold])
            yield row_of("foreign", "text", text, index, fold, [(0, len(text))])
        before[fold] = [index.units[place].text for place in places] or before.get(fold, [])


def answerable(folder: Path) -> list[development.Answerable]:
    return [*development.clapnq(folder), *development.mtrag(folder)]


def human_answers(folder: Path, rng: random.Random) -> Iterator[Row]:
    """Answers that people wrote to ClapNQ and MTRAG-UN, as they are and with an error put in."""
    for row in answerable(folder):
        if not (row.answerable and row.answer):
            continue
        index, fold = index_of(row.passages), fold_of(row.group)
        for start, end in split_sentences(row.answer)[:4]:
            text = row.answer[start:end]
            yield row_of("human", row.set, text, index, fold, question=row.question)
            found = edits.with_error(text, "\n".join(row.passages), rng)
            if found and rng.random() < 0.6:
                yield row_of("human", row.set, found.text, index, fold, found.spans, row.question)


def question_row(kind: str, row: development.Answerable, passages: tuple[str, ...], label: int) -> Row:
    pair = window_of(row.question, index_of(passages))
    return {
        "kind": kind,
        "task": row.set,
        "fold": fold_of(row.group),
        "claim": pair.claim,
        "evidence": pair.evidence,
        "claim_marks": pair.claim_marks,
        "evidence_marks": pair.evidence_marks,
        "wrong": [],
        "label": label,
    }


def questions(folder: Path, rng: random.Random) -> Iterator[Row]:
    """Questions beside their context, beside it without the sentences that answer, and beside a foreign one."""
    rows = answerable(folder)
    for row in rows:
        yield question_row("question", row, row.passages, int(row.answerable))
    asked = [
        development.Answerable("ragtruth", answer.context, answer.question, (answer.context,), True, answer.text)
        for answer in {answer.source: answer for answer in development.ragtruth(folder) if answer.question}.values()
    ]
    for row in [*(row for row in rows if row.answerable and row.answer), *asked]:
        index = index_of(row.passages)
        needed: set[int] = set()
        for start, end in split_sentences(row.answer):
            needed |= set(index.evidence(read_claim(row.answer[start:end]).values, most=2)[0])
        texts = [unit.text for unit in index.units]
        without = " ".join(text for place, text in enumerate(texts) if place not in needed)
        lean = " ".join(text for place, text in enumerate(texts) if place in needed or rng.random() < 0.5)
        if len(units_of(without)) > 1:
            yield question_row("question_made", row, (without,), 0)
        yield question_row("question_made", row, (lean,), 1)
        others = [other for other in rng.sample(rows + asked, 40) if fold_of(other.group) == fold_of(row.group)]
        words = set(read_claim(row.question).values)
        others = [other for other in others if other.question != row.question]
        if others:
            nearest = max(others, key=lambda other: len(words & index_of(other.passages).values))
            yield question_row("question_made", row, nearest.passages, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rng = random.Random(7)
    from records_said import record_claims

    with given.out.open("w", encoding="utf-8") as lines:
        for source in (
            real(given.data),
            edited_answers(given.data, rng),
            bump(given.data),
            from_contexts(given.data, rng),
            human_answers(given.data, rng),
            record_claims(given.data, rng),
            questions(given.data, rng),
        ):
            for row in source:
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

"""The questions: from a file, from recorded traces, or made from the corpus."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from weaklink.bench.corpus import read_jsonl
from weaklink.bench.data import Passage, Query
from weaklink.bench.reading import GUESSED, read_text
from weaklink.errors import WeaklinkError

_TEXT_KEYS = ("question", "query", "text", "input")
_LABEL_KEYS = ("relevant", "relevant_ids", "expected", "labels")
_MADE = 100
_WORDS = re.compile(r"\w[\w'-]*")
_KEYWORDS = 6


class UnusableQueries(WeaklinkError):
    """You named queries that cannot be read, or that are none."""


def load_queries(source: str | Path | Iterable[Any]) -> list[Query]:
    """The queries of a file, or given ones.

    A text file has one per line; JSONL, JSON (a list) and CSV have a field "question", and labels in "relevant". Equal
    questions become one, with its frequency. Raises UnusableQueries where there is none.
    """
    read = _read(Path(source)) if isinstance(source, str | Path) else list(map(_query, source, range(10**9)))
    merged = merge(read)
    if not merged:
        raise UnusableQueries(
            f"there is no question in {source if isinstance(source, str | Path) else 'the queries given'}; "
            "put one on each line, or use JSONL or CSV with a field 'question'"
        )
    return merged


def merge(queries: Iterable[Query]) -> list[Query]:
    """Equal questions as one, in their first order, with counts added, traces and labels united."""
    unique: dict[str, Query] = {}
    for query in queries:
        key = " ".join(query.text.split()).casefold()
        if not key:
            continue
        if (seen := unique.get(key)) is None:
            unique[key] = query
            continue
        unique[key] = seen.model_copy(
            update={
                "count": seen.count + query.count,
                "traces": tuple(dict.fromkeys((*seen.traces, *query.traces))),
                "relevant": {**query.relevant, **seen.relevant},
                "relevant_texts": tuple(dict.fromkeys((*seen.relevant_texts, *query.relevant_texts))),
            }
        )
    return list(unique.values())


def _read(path: Path) -> list[Query]:
    rows = _ROWS.get(path.suffix.lower(), _lines)(path)
    return [_query(row, number) for number, row in enumerate(rows, 1)]


def _text(path: Path) -> str:
    try:
        found = read_text(path)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UnusableQueries(f"cannot read the queries {path}: {why}; name a text, CSV or JSONL file") from error
    if found is None or found.encoding == GUESSED:
        raise UnusableQueries(f"cannot read the queries {path}: it is no text in UTF-8; convert it")
    return found.text


def _lines(path: Path) -> list[Any]:
    return [line.strip() for line in _text(path).split("\n") if line.strip()]


def _array(path: Path) -> list[Any]:
    try:
        found: Any = json.loads(_text(path))
    except ValueError as error:
        raise UnusableQueries(
            f"{path} is no JSON ({error}); a file of one object on each line is named .jsonl"
        ) from None
    if not isinstance(found, list):
        raise UnusableQueries(f'{path} holds no list; write [{{"question": "...", "relevant": ["id"]}}, ...]')
    return cast("list[Any]", found)


def _table(path: Path) -> list[Any]:
    """The rows of a CSV file by the names in its first line; several labels have a semicolon between them."""
    text = _text(path)
    table = csv.DictReader(io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    names = {str(name).strip().lower(): name for name in table.fieldnames or ()}
    question = next((names[key] for key in _TEXT_KEYS if key in names), None)
    if question is None:
        raise UnusableQueries(
            f"the first line of {path} has to name the columns, and one of them has to be {' or '.join(_TEXT_KEYS)} (labels: "
            f"{' or '.join(_LABEL_KEYS)}); questions alone, one on each line, are a .txt file"
        )
    labels = next((names[key] for key in _LABEL_KEYS if key in names), None)
    return [
        {"question": row[question], "relevant": [label.strip() for label in (row.get(labels or "") or "").split(";") if label.strip()]}
        for row in table
        if (row[question] or "").strip()
    ]  # fmt: skip


_ROWS: dict[str, Callable[[Path], Iterable[Any]]] = {
    ".jsonl": read_jsonl, ".ndjson": read_jsonl, ".json": _array, ".csv": _table, ".tsv": _table,
}  # fmt: skip


def _query(given: Any, number: int) -> Query:
    if isinstance(given, Query):
        return given
    if isinstance(given, str):
        return Query(id=str(number), text=given)
    row = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    text = next((row[key] for key in _TEXT_KEYS if isinstance(row.get(key), str)), None)
    if text is None:
        raise UnusableQueries(
            f"query {number} has no question: one of the fields {', '.join(_TEXT_KEYS)} has to hold it"
        )
    labels = next((row[key] for key in _LABEL_KEYS if row.get(key)), ())
    return Query(id=str(row.get("id", number)), text=text, relevant=_gains(labels, number))


def _gains(labels: Any, number: int) -> dict[str, float]:
    try:
        if isinstance(labels, Mapping):
            return {str(key): float(gain) for key, gain in cast("Mapping[Any, Any]", labels).items() if float(gain) > 0}
        if isinstance(labels, list | tuple):
            return {str(label): 1.0 for label in cast("Sequence[Any]", labels)}
    except (TypeError, ValueError):
        pass
    raise UnusableQueries(
        f"the labels of query {number} are {json.dumps(labels, default=str)[:60]}; give a list of passage ids or file names, or an "
        "object from these to gains (1 for relevant, more for better)"
    )


def make_queries(passages: Sequence[Passage], count: int = _MADE, seed: int = 0) -> list[Query]:
    """Questions made from the corpus: the rarest words of a sentence, whose passage is the label (known-item search).

    Good for speed and recall. That the words stand in the passage makes nDCG and MRR flatter the lexical search.
    """
    rng = random.Random(seed)
    frequency = Counter(word for passage in passages for word in {*_words(passage.text)})
    chosen = rng.sample(list(passages), min(count, len(passages)))
    made: list[Query] = []
    for passage in chosen:
        words = _words(
            rng.choice([s for s in re.split(r"(?<=[.!?])\s+|\n+", passage.text) if s.strip()] or [passage.text])
        )
        rare = set(sorted(dict.fromkeys(words), key=lambda word: frequency[word])[:_KEYWORDS])
        text = " ".join(dict.fromkeys(word for word in words if word in rare)) or passage.text[:60]
        made.append(Query(id=f"made-{len(made) + 1}", text=text, relevant={passage.id: 1.0}, origin="corpus"))
    return merge(made)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(text) if len(word) > 2]

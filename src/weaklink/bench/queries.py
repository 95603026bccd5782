"""The questions: from a file, from recorded traces, or made from the corpus."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from weaklink.bench.corpus import read_jsonl
from weaklink.bench.data import Passage, Query
from weaklink.errors import WeaklinkError

_TEXT_KEYS = ("question", "query", "text", "input")
_LABEL_KEYS = ("relevant", "relevant_ids", "expected", "labels")
_MADE = 100
_WORDS = re.compile(r"\w[\w'-]*")
_KEYWORDS = 6


class UnusableQueries(WeaklinkError):
    """You named queries that cannot be read, or that are none."""


def load_queries(source: str | Path | Iterable[Any]) -> list[Query]:
    """The queries of a file (one per line, or JSONL with a field "question" and labels in "relevant"), or given ones.

    Equal questions become one, with its frequency. Raises UnusableQueries where there is none.
    """
    read = _read(Path(source)) if isinstance(source, str | Path) else list(map(_query, source, range(10**9)))
    merged = merge(read)
    if not merged:
        raise UnusableQueries(
            f"there is no question in {source if isinstance(source, str | Path) else 'the queries given'}; "
            "put one on each line, or use JSONL with a field 'question'"
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


def with_labels(queries: Sequence[Query], passages: Sequence[Passage]) -> list[Query]:
    """The queries with their labels by id: a text is a label for the passage that it equals, holds or is part of."""
    lines = {passage.id: " ".join(passage.text.split()) for passage in passages}
    by_line = {line: found for found, line in lines.items()}

    def ids(text: str) -> list[str]:
        line = " ".join(text.split())
        if line in by_line:
            return [by_line[line]]
        return [found for found, other in lines.items() if line in other or other in line]

    return [
        query.model_copy(
            update={
                "relevant": {**{found: 1.0 for text in query.relevant_texts for found in ids(text)}, **query.relevant}
            }
        )
        if query.relevant_texts
        else query
        for query in queries
    ]


def _read(path: Path) -> list[Query]:
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return [_query(row, number) for number, row in enumerate(read_jsonl(path), 1)]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UnusableQueries(f"cannot read the queries {path}: {why}; name a text or JSONL file") from error
    except UnicodeDecodeError as error:
        raise UnusableQueries(f"cannot read the queries {path}: it is no text in UTF-8 ({error.reason})") from error
    return [Query(id=str(number), text=line.strip()) for number, line in enumerate(lines, 1) if line.strip()]


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
    if isinstance(labels, Mapping):
        return {str(key): float(gain) for key, gain in cast("Mapping[Any, Any]", labels).items()}
    if isinstance(labels, list | tuple):
        return {str(label): 1.0 for label in cast("Sequence[Any]", labels)}
    raise UnusableQueries(
        f"the labels of query {number} are {json.dumps(labels, default=str)[:60]}; give a list of passage ids, or an object from id to gain"
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

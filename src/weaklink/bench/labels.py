"""Labels of queries as ids of passages: a label may also name a file of the corpus, or be a text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from weaklink.bench.data import Passage, Query
from weaklink.bench.queries import UnusableQueries
from weaklink.bench.reading import some_of


class Labelled(NamedTuple):
    """Queries whose labels are ids of passages."""

    queries: list[Query]
    notes: tuple[str, ...]
    """What does not count."""


def with_labels(queries: Sequence[Query], passages: Sequence[Passage]) -> Labelled:
    """The queries with their labels by id.

    A label is the id of a passage, or the name of a file, of which then each passage is relevant. A text is a label for the
    passage that it equals, holds or is part of. Labels that name nothing do not count; raises UnusableQueries where none does.
    """
    find, texts = _Names(passages), _Texts(passages)
    unknown = [label for query in queries for label in query.relevant if not find(label)]
    given = sum(len(query.relevant) for query in queries)
    if given and len(unknown) == given:
        raise UnusableQueries(
            f"none of the labels names a passage of the corpus: {some_of(unknown)}; passages are named such as {passages[0].id!r}"
            + (f", files such as {name!r}" if (name := passages[0].metadata.get("source")) else "")
        )
    notes = (f"{len(unknown):,} of {given:,} labels name nothing in the corpus: {some_of(unknown)}",) if unknown else ()
    return Labelled([_labelled(query, find, texts) for query in queries], notes)


def _labelled(query: Query, find: _Names, texts: _Texts) -> Query:
    by_text = {found: 1.0 for text in query.relevant_texts for found in texts(text)}
    by_name = {found: gain for label, gain in query.relevant.items() for found in find(label)}
    return query.model_copy(update={"relevant": {**by_text, **by_name}})


class _Names:
    """From a label to ids: of the passage, else of the passages of the file with this path, or with this name if it is one."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._ids = {passage.id for passage in passages}
        self._files: dict[str, list[str]] = {}
        for passage in passages:
            if isinstance(source := passage.metadata.get("source"), str):
                self._files.setdefault(source, []).append(passage.id)
        self._paths: dict[str, list[str]] = {}
        for path in self._files:
            self._paths.setdefault(PurePosixPath(path).name, []).append(path)

    def __call__(self, label: str) -> Sequence[str]:
        if label in self._ids:
            return (label,)
        paths = self._paths.get(label, ())
        return self._files.get(paths[0] if len(paths) == 1 else label, ())


class _Texts:
    """From a text to the ids of the passages that it equals, holds or is part of."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._lines = {passage.id: " ".join(passage.text.split()) for passage in passages}
        self._by_line = {line: found for found, line in self._lines.items()}

    def __call__(self, text: str) -> list[str]:
        line = " ".join(text.split())
        if not line:
            return []
        if line in self._by_line:
            return [self._by_line[line]]
        return [found for found, other in self._lines.items() if line in other or other in line]

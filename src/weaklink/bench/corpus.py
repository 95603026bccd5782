"""The corpus: from a folder of text files, a JSONL file, or texts and objects in memory."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from weaklink.bench.data import Passage
from weaklink.bench.reading import GUESSED, counted, decoded, read_text, some_of
from weaklink.errors import WeaklinkError
from weaklink.model.document import content_hash

SUFFIXES = (".md", ".markdown", ".txt", ".rst", ".text")
_READ = f"{', '.join(SUFFIXES)} are read"
_NO_UNICODE = f"no UTF-8, read as {GUESSED}"
_TEXT_KEYS = ("text", "content", "page_content", "passage", "document", "body")
_ID_KEYS = ("id", "_id", "doc_id", "passage_id")
_NOT_WRITTEN_HERE = frozenset({"node_modules", "site-packages", "__pycache__"})
"""Folders that package managers fill: their texts are nobody's documents."""
_MOST_KINDS = 12
_CHUNK = 800
"""Characters of a chunk at most: about 200 tokens, which small embedders read whole."""


class UnusableCorpus(WeaklinkError):
    """You named a corpus that cannot be read, or that holds no text."""


class Read(NamedTuple):
    """A corpus as it was found."""

    passages: list[Passage]
    notes: tuple[str, ...]
    """What was left out or guessed: "empty: a.md, b.md"."""


def load_corpus(source: str | Path | Iterable[Any]) -> Read:
    """The passages of a folder of text files, of a JSONL or text file, or of texts, dicts, passages or documents.

    Files that are no JSONL are cut at paragraphs into chunks of at most 800 characters. What is no text is left out of a
    folder, and a passage whose text was there before of any corpus; the notes say so. Raises UnusableCorpus where nothing is
    left, or fewer than two passages.
    """
    notes: list[str] = []
    passages = list(_read(Path(source), notes) if isinstance(source, str | Path) else map(_passage, source))
    unique = {passage.text: passage for passage in reversed(passages) if passage.text.strip()}
    kept = _with_unique_ids(list(reversed(unique.values())))
    if len(kept) < 2:
        left_out = "".join(f"; {note}" for note in notes)
        raise UnusableCorpus(
            f"the corpus {_named(source)} holds {counted(len(kept), 'passage', 'passages')}, and a comparison needs at least "
            f"two{left_out}; name a folder with {', '.join(SUFFIXES)} files, or a JSONL file with a field {_TEXT_KEYS[0]!r}"
        )
    if again := len(passages) - len(kept):
        notes.append(f"empty or there before: {counted(again, 'passage', 'passages')}")
    return Read(kept, tuple(notes))


def _named(source: str | Path | Iterable[Any]) -> str:
    return str(source) if isinstance(source, str | Path) else "given"


def _with_unique_ids(passages: Sequence[Passage]) -> list[Passage]:
    seen: set[str] = set()
    kept: list[Passage] = []
    for passage in passages:
        unique = passage if passage.id not in seen else passage.model_copy(update={"id": content_hash(passage.text)})
        seen.add(unique.id)
        kept.append(unique)
    return kept


def _read(path: Path, notes: list[str]) -> Iterator[Passage]:
    if path.is_dir():
        yield from _read_folder(path, notes)
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        for number, row in enumerate(read_jsonl(path), 1):
            yield _row(row, f"{path.stem}-{number}", f"line {number} of {path}")
    elif path.is_file():
        found = read_text(path)
        if found is None:
            raise UnusableCorpus(f"{path} is no text; convert it, or name a folder with text files or a JSONL file")
        if found.encoding == GUESSED:
            notes.append(f"{_NO_UNICODE}: {path.name}")
        yield from _passages(found.text, path.name)
    else:
        raise UnusableCorpus(f"there is no corpus at {path}; name a folder with text files, or a JSONL file")


def _read_folder(folder: Path, notes: list[str]) -> Iterator[Passage]:
    everything = [file for file in folder.rglob("*") if file.is_file() and _is_visible(file, folder)]
    files = sorted(file for file in everything if not _installed_in(file, folder))
    texts = [file for file in files if file.suffix.lower() in SUFFIXES]
    others = Counter(file.suffix.lower() or "without a suffix" for file in files if file not in set(texts))
    if others:
        kinds = [f"{count:,} {kind}" for kind, count in others.most_common()]
        notes.append(f"not read: {some_of(kinds, _MOST_KINDS)} ({_READ}; convert the others to text)")
    if installed := {found for file in everything if (found := _installed_in(file, folder))}:
        notes.append(f"left out, because packages are installed there: {some_of(sorted(installed))}")
    if not texts:
        raise UnusableCorpus(
            f"there is no text file in {folder} ({'; '.join(notes) or _READ}); convert the documents to text, name another folder, or "
            "a JSONL file with a field 'text'"
        )
    odd: dict[str, list[str]] = {}
    for file in texts:
        name = file.relative_to(folder).as_posix()
        try:
            found = read_text(file)
        except OSError as error:
            odd.setdefault(f"cannot be read ({(error.strerror or str(error)).lower()})", []).append(name)
            continue
        if found is None or not found.text.strip():
            odd.setdefault("no text in it" if found is None else "empty", []).append(name)
            continue
        if found.encoding == GUESSED:
            odd.setdefault(_NO_UNICODE, []).append(name)
        yield from _passages(found.text, name)
    notes += [f"{what}: {some_of(names)}" for what, names in odd.items()]


def _is_visible(file: Path, root: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(root).parts)


def _installed_in(file: Path, root: Path) -> str:
    """The folder of installed packages that the file lies in; "" where it lies in none."""
    parts = file.relative_to(root).parts[:-1]
    found = next((number for number, part in enumerate(parts) if part in _NOT_WRITTEN_HERE), None)
    return "" if found is None else "/".join(parts[: found + 1])


def _passages(text: str, name: str) -> Iterator[Passage]:
    for number, chunk in enumerate(chunks(text), 1):
        yield Passage(id=f"{name}#{number}", text=chunk, metadata={"source": name})


def chunks(text: str, most: int = _CHUNK) -> Iterator[str]:
    """`text` in pieces of at most `most` characters, cut at paragraphs, else at sentences, else between words."""
    piece = ""
    for part in _parts(text, most):
        if piece and len(piece) + len(part) + 2 > most:
            yield piece
            piece = ""
        piece = f"{piece}\n\n{part}" if piece else part
    if piece:
        yield piece


def _parts(text: str, most: int) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        if len(stripped := paragraph.strip()) <= most:
            if stripped:
                yield stripped
            continue
        for sentence in re.split(r"(?<=[.!?])\s+", stripped):
            yield from _words(sentence, most)


def _words(sentence: str, most: int) -> Iterator[str]:
    while len(sentence) > most:
        cut = sentence.rfind(" ", 0, most)
        cut = cut if cut > 0 else most
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file; raises UnusableCorpus with the line that is none."""
    try:
        found = decoded(path.read_bytes())
    except OSError as error:
        raise UnusableCorpus(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    if found is None or found.encoding == GUESSED:
        raise UnusableCorpus(f"cannot read {path}: it is no text in UTF-8; convert it")
    # Not splitlines: a JSON string may hold U+2028 as it is.
    lines = found.text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UnusableCorpus(
                f"line {number} of {path} is no JSON ({error}); each line has to be one object"
            ) from None
        if not isinstance(row, dict):
            raise UnusableCorpus(
                f'line {number} of {path} is no object; each line has to be one, such as {{"text": "..."}}'
            )
        yield cast("dict[str, Any]", row)


def _row(row: dict[str, Any], fallback_id: str, where: str) -> Passage:
    text = next((row[key] for key in _TEXT_KEYS if isinstance(row.get(key), str)), None)
    if text is None:
        raise UnusableCorpus(f"{where} has no text: one of the fields {', '.join(_TEXT_KEYS)} has to hold it")
    found = next((str(row[key]) for key in _ID_KEYS if row.get(key) is not None), fallback_id)
    metadata: Any = row.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {key: value for key, value in row.items() if key not in (*_TEXT_KEYS, *_ID_KEYS)}
    plain = cast("dict[str, Any]", metadata)
    return Passage(
        id=found, text=text, metadata={k: v for k, v in plain.items() if isinstance(v, str | int | float | bool)}
    )


def _passage(given: Any) -> Passage:
    """A text, a dict, a passage, or any framework's document (`page_content`, `text` or `get_content`)."""
    if isinstance(given, Passage):
        return given
    if isinstance(given, str):
        return Passage(id=content_hash(given), text=given)
    if isinstance(given, dict):
        row = cast("dict[str, Any]", given)
        return _row(row, content_hash(json.dumps(row, default=str, sort_keys=True)), "a dict of the corpus")
    text = next(
        (found for name in ("page_content", "text") if isinstance(found := getattr(given, name, None), str)), None
    )
    if text is None and callable(read := getattr(given, "get_content", None)):
        text = str(read())
    if text is None:
        raise UnusableCorpus(
            f"a {type(given).__name__} of the corpus has no text: give texts, dicts or your framework's documents"
        )
    found = getattr(given, "id", None) or getattr(given, "node_id", None) or content_hash(text)
    return Passage(id=str(found), text=text)

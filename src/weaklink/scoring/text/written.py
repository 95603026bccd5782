"""Tokens as somebody wrote them: of a script without spaces each character is a token, and no reader's word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from unicodedata import category

from weaklink.scoring.text.tokens import Token

Run = tuple[Token, ...]


def runs_of(tokens: Iterable[Token], text: str, alike: Callable[[Token, Token], bool] | None = None) -> list[Run]:
    """The tokens of `text`, in order, with those together that stand together without a space: "会" "議" "室".

    So do the parts that a vowel sign or tone mark divides, as in Thai or Hindi. Words of Latin, Greek and Cyrillic letters,
    and numbers, stand alone. `alike` says which neighbours may stand together at all.
    """
    runs: list[list[Token]] = []
    for token in tokens:
        before = runs[-1][-1] if runs else None
        if before is not None and _stand_together(before, token, text) and (alike is None or alike(before, token)):
            runs[-1].append(token)
        else:
            runs.append([token])
    return [tuple(run) for run in runs]


def as_written(run: Sequence[Token], text: str) -> str:
    """The characters of a run, with the marks on its last letter."""
    if len(run) == 1 and not _is_mark(text[run[0].end : run[0].end + 1]):
        return run[0].surface
    return text[run[0].start : with_marks(run[-1].end, text)]


def with_marks(end: int, text: str) -> int:
    """Where a piece of `text` that ends at `end` ends together with the marks on its last letter."""
    while _is_mark(text[end : end + 1]):
        end += 1
    return end


def _stand_together(before: Token, token: Token, text: str) -> bool:
    if token.start < before.end:  # a date gives several tokens in one place
        return False
    between = text[before.end : token.start]
    if between:
        return all(map(_is_mark, between))
    return _is_spaceless(text[before.end - 1]) and _is_spaceless(text[token.start])


def _is_mark(character: str) -> bool:
    return bool(character) and category(character).startswith("M")


def _is_spaceless(character: str) -> bool:
    """A letter without a capital form: ideographs, kana, hangul, Thai; and of Arabic, where words have spaces all the same."""
    return category(character) in ("Lo", "Lm")

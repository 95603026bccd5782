"""Which characters of a sentence nothing carries."""

from weaklink.scoring.claim import Claim
from weaklink.scoring.features import Alignment
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.written import with_marks

Span = tuple[int, int]
"""First character and one past the last, in characters of the answer."""

_MOSTLY = 0.25
"""Share of weight that no passage has, from which on all of a clause counts as unsupported.

On RAGTruth .25 finds the marked characters better (F1 .36) than .6 (.32); a quarter of its answers, in sample.
"""
_BETWEEN = 3
"""Words between two spans up to which they become one."""


def unsupported_spans(
    claim: Claim, alignment: Alignment, index: ContextIndex, start: int, end: int
) -> tuple[Span, ...]:
    """The characters of an unsupported sentence at `start` to `end` that the passages do not carry, in order.

    The clauses that conflict with a record; else the clauses with much that is new, and single new or contradicted words
    elsewhere; where nothing stands out, the clause that fares worst, or the whole sentence.
    """
    if claim.text == claim.question:
        return ((start, end),)
    if places := alignment.conflicts.places:
        found = [_trimmed(claim.text, *place) for place in places]
        return tuple((start + first, start + last) for first, last in _merged(found, claim.text))
    strange = _strange(claim, alignment, index)
    spans: list[Span] = []
    for clause in claim.clauses:
        spans += _of_clause(clause, strange, index)
    if not spans:
        spans = [(token.start, token.end) for token in claim.content if token in strange]
    if not spans:
        worst = max(claim.clauses, key=lambda clause: _uncovered(clause, index), default=None)
        spans = [(worst[0].start, worst[-1].end)] if worst else [(0, end - start)]
    merged = _merged(spans, claim.text)
    return tuple((start + first, start + with_marks(last, claim.text)) for first, last in merged)


def _trimmed(text: str, first: int, last: int) -> Span:
    """A clause without the space around it."""
    clause = text[first:last]
    return last - len(clause.lstrip()), first + len(clause.rstrip())


def _strange(claim: Claim, alignment: Alignment, index: ContextIndex) -> frozenset[Token]:
    said = {word for item in alignment.contradictions for word in item.claimed.split()}
    return frozenset(token for token in claim.content if token.value not in index.values or token.surface in said)


def _of_clause(clause: list[Token], strange: frozenset[Token], index: ContextIndex) -> list[Span]:
    total = index.total_weight(token.value for token in clause) or 1.0
    share = index.total_weight(token.value for token in clause if token in strange) / total
    if share >= _MOSTLY:
        return [(clause[0].start, clause[-1].end)]
    return [(token.start, token.end) for token in clause if token in strange]


def _uncovered(clause: list[Token], index: ContextIndex) -> float:
    values = {token.value for token in clause}
    total = index.total_weight(values) or 1.0
    return 1 - max(index.shared_weights(values).values(), default=0.0) / total


def _merged(spans: list[Span], text: str) -> list[Span]:
    """Neighbouring spans with at most three words between them become one."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and len(text[merged[-1][1] : first].split()) <= _BETWEEN:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged

"""Changes that look like faults and break nothing: the healthy twins. Nobody may be blamed for them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.diagnosis.operators.operator import Operator
from benchmarks.diagnosis.pieces import FETCH_TOOL, SEARCH_TOOL, Call, Pieces, Reply, most_alike
from benchmarks.diagnosis.situation import Situation
from weaklink.scoring.text.sentences import split_sentences


def unchanged(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Nothing is changed."""
    return pieces


def deeper(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """More passages are found than are needed."""
    return pieces.but(k=10)


def one_is_enough(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Only the best passage is asked for, and it answers."""
    return pieces.but(k=1 if len(at.gold) == 1 else 3)


def few_kept(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The reranker drops all but the best, and the best answers."""

    def rerank(query: str, found: Sequence[str]) -> list[str]:
        best = [text for text in found if text in at.gold] or most_alike(query, found)
        return [*best, *[text for text in found if text not in best]][: max(1, len(at.gold))]

    return pieces.but(rerank=rerank)


def other_order(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The reranker puts the best passages last, and all are packed."""
    return pieces.but(rerank=lambda query, found: most_alike(query, found)[::-1])


def generous_budget(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Packing cuts what stands behind the passage that answers."""

    def pack(passages: Sequence[str]) -> str:
        text = "\n\n".join(passages)
        ends = [place + len(s) for s in at.evidence if (place := text.find(s)) >= 0]
        return text[: max(ends, default=len(text)) + 40]

    return pieces.but(pack=pack)


def keywords(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The rewritten query is the question's keywords."""
    small = {"what", "is", "the", "of", "a", "an", "how", "do", "does", "did", "in", "to", "which", "who", "was", "are"}
    kept = [word for word in at.question.text.rstrip("?").split() if word.lower() not in small]
    return pieces.but(rewrite=lambda question: " ".join(kept))


def wordy_query(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The rewritten query says more than the question."""
    return pieces.but(rewrite=lambda question: f"Please find information that answers this: {at.question.text}")


def lead_in(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The answer begins with a phrase and ends with an offer."""
    text = f"Based on the provided context, here is what I found. {at.good} Let me know if you need anything else!"
    return pieces.but(answer=lambda prompt: Reply(text))


def quoted(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer is the sentence that answers, word by word."""
    if not at.question.evidence:
        return None
    return pieces.but(answer=lambda prompt: Reply(" ".join(at.evidence[:2])))


def first_sentences(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer is the first sentences of a longer good one."""
    sentences = [at.good[a:b] for a, b in split_sentences(at.good)]
    if len(sentences) <= 3 or sentences[2].endswith(":"):
        return None
    return pieces.but(answer=lambda prompt: Reply(" ".join(sentences[:3])))


def some_duplicates(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """One passage is found twice, and the one that answers is found too."""

    def search(query: str, found: list[str]) -> list[str]:
        return [*found[:2], *found[1:]]

    return pieces.but(search=search)


def searches_twice(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The agent searches in two steps."""
    return pieces.but(plan=_in_turn([SEARCH_TOOL, SEARCH_TOOL], [at.subject, at.question.text], pieces))


def fetches(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The agent reads one page."""
    return pieces.but(plan=_in_turn([FETCH_TOOL], [at.subject], pieces))


def _in_turn(tools: Sequence[str], values: Sequence[str], pieces: Pieces):  # type: ignore[no-untyped-def]
    def plan(question: str, results: Sequence[str]) -> Reply:
        if len(results) < len(tools):
            tool = tools[len(results)]
            name = "query" if tool == SEARCH_TOOL else "value"
            return Reply(calls=(Call(tool, {name: values[len(results)]}),))
        return pieces.answer("\n".join(results))

    return plan


_AGENT = ("agentic",)
HARMLESS: tuple[Operator, ...] = (
    Operator((), "", unchanged),
    Operator((), "", unchanged, unseen=True),
    Operator((), "retrieve", deeper),
    Operator((), "retrieve", one_is_enough, unseen=True),
    Operator((), "rerank", few_kept),
    Operator((), "rerank", other_order, unseen=True),
    Operator((), "pack", generous_budget, unseen=True),
    Operator((), "rewrite", keywords),
    Operator((), "rewrite", wordy_query, unseen=True),
    Operator((), "generate", lead_in),
    Operator((), "generate", quoted, unseen=True),
    Operator((), "generate", first_sentences),
    Operator((), "retrieve", some_duplicates, unseen=True),
    Operator((), "plan", searches_twice, only=_AGENT),
    Operator((), "plan", fetches, unseen=True, only=_AGENT),
)

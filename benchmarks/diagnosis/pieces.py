"""The parts of a pipeline as plain functions: what an operator breaks, and what both frameworks are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from weaklink.scoring import embed
from weaklink.scoring.question import bm25, frequencies, read_question


@dataclass(frozen=True)
class Call:
    """A tool that the model asks for."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """What a model says, or the tools that it asks for."""

    text: str = ""
    finish: str = "stop"
    calls: tuple[Call, ...] = ()


Embed = Callable[[Sequence[str]], list[list[float]]]
Answer = Callable[[str], Reply]
Plan = Callable[[str, Sequence[str]], Reply]
"""(question, results of the tools so far) -> the next calls, or the answer."""

QA_PROMPT = (
    "Use the following pieces of context to answer the question at the end. If you don't know the answer, say that "
    "you don't know.\n\n{context}\n\nQuestion: {question}\nHelpful answer:"
)
SEARCH_TOOL = "search_documents"
FETCH_TOOL = "fetch_page"


def embedded(texts: Sequence[str]) -> list[list[float]]:
    """Weaklink's static model: offline and quick. Each text is embedded once."""
    new = [text for text in dict.fromkeys(texts) if text not in _VECTORS]
    for text, vector in zip(new, embed(new), strict=True):
        _VECTORS[text] = [float(number) for number in vector]
    return [_VECTORS[text] for text in texts]


_VECTORS: dict[str, list[float]] = {}


def by_words(question: str, passages: Sequence[str], k: int) -> list[str]:
    """The k passages of highest BM25."""
    asked = read_question(question)
    rated = [(bm25(asked, counts := frequencies(text), counts.total()), -n) for n, text in enumerate(passages)]
    return [passages[-n] for _, n in sorted(rated, reverse=True)[:k]]


def by_meaning(question: str, passages: Sequence[str], k: int) -> list[str]:
    """The k passages of highest cosine."""
    matrix = np.asarray(embedded(passages))
    order = np.argsort(-matrix @ np.asarray(embedded([question])[0]), kind="stable")
    return [passages[n] for n in order[:k]]


def most_alike(question: str, passages: Sequence[str]) -> list[str]:
    """The better half of what was found, and three at least: a reranker on words and meaning."""
    if not passages:
        return []
    words, meaning = (by(question, passages, len(passages)) for by in (by_words, by_meaning))
    place = {text: words.index(text) + meaning.index(text) for text in passages}
    return sorted(place, key=lambda text: place[text])[: max(3, len(passages) // 2)]


def joined(passages: Sequence[str]) -> str:
    return "\n\n".join(passages)


def as_asked(question: str) -> str:
    return question


def stripped(text: str) -> Any:
    return text.strip()


@dataclass(frozen=True)
class Pieces:
    """Everything that a pipeline is made of. An operator is a copy with one part replaced."""

    passages: tuple[str, ...]
    """What is indexed."""
    k: int = 5
    embed_documents: Embed = embedded
    embed_query: Embed = embedded
    search: Callable[[str, list[str]], list[str]] | None = None
    """Changes what the store returned, inside the retriever; None: nothing."""
    rewrite: Callable[[str], str] = as_asked
    """The model's rewriting of the question into a query."""
    rerank: Callable[[str, Sequence[str]], Sequence[str]] = most_alike
    pack: Callable[[Sequence[str]], str] = joined
    prompt: str = QA_PROMPT
    answer: Answer = field(default=lambda prompt: Reply())
    """What the model makes of a prompt."""
    parse: Callable[[str], Any] = stripped
    plan: Plan | None = None
    """What an agent does next; None: it searches for the question once, and answers."""
    tools: Mapping[str, Callable[[str], str]] = field(default_factory=dict[str, Callable[[str], str]])
    """Tools beside the search, each with one argument."""

    def but(self, **changes: Any) -> Pieces:
        return replace(self, **changes)

    def next_step(self, question: str, results: Sequence[str]) -> Reply:
        """What an agent does after these results of its tools."""
        if self.plan is not None:
            return self.plan(question, results)
        if not results:
            return Reply(calls=(Call(SEARCH_TOOL, {"query": question}),))
        return self.answer("\n".join(results))


_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    return _WORD.findall(text)

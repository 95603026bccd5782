"""A small corpus of which everybody can say what is near what, and an embedder without a model."""

import hashlib

import numpy as np
import pytest

from weaklink.bench.data import Passage, Query
from weaklink.bench.exact import unit
from weaklink.bench.workload import Workload

TOPICS = ("rivers", "engines", "painters", "bread", "planets", "law")


class WordVectors:
    """An embedder with LangChain's methods: each word is a fixed random direction, a text the sum of its words."""

    model = "word-vectors"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(value) for value in sum((_word(word) for word in text.lower().split()), np.zeros(48))]


def _word(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.blake2b(word.strip(".,?").encode(), digest_size=4).digest(), "little")
    return np.random.default_rng(seed).standard_normal(48)


def passages(count: int) -> list[Passage]:
    """Different texts on six topics."""
    return [
        Passage(
            id=f"p{number}",
            text=f"About {TOPICS[number % 6]}: note{number} says case{number * 7 % count} and item{number // 6}.",
        )
        for number in range(count)
    ]


@pytest.fixture
def embedder() -> WordVectors:
    return WordVectors()


@pytest.fixture
def workload(embedder) -> Workload:
    """120 passages and 12 queries, each labelled with the passage that it was taken from."""
    found = passages(120)
    queries = [
        Query(id=f"q{n}", text=f"{TOPICS[n * 10 % 6]} note{n * 10} item{n * 10 // 6}", relevant={f"p{n * 10}": 1.0})
        for n in range(12)
    ]
    return Workload(
        found,
        queries,
        unit(np.asarray(embedder.embed_documents([p.text for p in found]), dtype=np.float32)),
        unit(np.asarray(embedder.embed_documents([q.text for q in queries]), dtype=np.float32)),
    )


@pytest.fixture
def docs(tmp_path):
    """A folder of text files, as a user has one."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for number, topic in enumerate(TOPICS):
        (folder / f"{topic}.md").write_text("\n\n".join(p.text for p in passages(300)[number::6]), "utf-8")
    return folder

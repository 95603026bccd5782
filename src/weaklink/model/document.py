"""One retrieved passage."""

import hashlib

from pydantic import BaseModel, Field, JsonValue


class Document(BaseModel, frozen=True):
    """One passage as a retriever or reranker returned it, with the score that the store gave."""

    content: str
    """The text of the passage."""
    id: str | None = None
    """The framework's id of the passage; None where the framework gave none."""
    score: float | None = None
    """The store's or reranker's own score, in its own unit; None where it gave none. Never averaged across stores."""
    higher_is_better: bool | None = None
    """Direction of `score`: True for a similarity, False for a distance, None where it is not known."""
    score_kind: str = ""
    """What `score` is: "distance", "similarity", "relevance", "rerank", or "" where it is not known."""
    rank: int = Field(default=1, ge=1)
    """Position in the list, from 1."""
    metadata: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])

    @property
    def key(self) -> str:
        """What makes two passages the same one across steps: a hash of the text, 32 hex digits."""
        return content_hash(self.content)

    @property
    def source(self) -> str:
        """Where the passage comes from, for people: its `source` metadata, else its id, else the start of its hash."""
        for name in ("source", "file_path", "file_name", "url", "title"):
            if isinstance(found := self.metadata.get(name), str) and found:
                return found
        return self.id or self.key[:8]


def content_hash(text: str) -> str:
    """The content address of a text: BLAKE2b with 16 bytes, as 32 hex digits. Lone surrogates count as they are."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

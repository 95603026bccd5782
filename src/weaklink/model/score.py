"""What a scorer thinks of a step."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, Field


class TextRange(BaseModel, frozen=True):
    """A piece of text of one span: which field, and which characters of it."""

    span_id: str
    field: str
    """"input", "output", or "documents.3" for the content of the document at index 3, counted from 0."""
    start: int = Field(default=0, ge=0)
    """First character, from 0, in the field's text (`weaklink.model.text_of` of its value)."""
    end: int = Field(default=0, ge=0)
    """One past the last character."""
    text: str = ""
    """The characters themselves, shortened where they are many."""


class Score(BaseModel, frozen=True):
    """What one scorer thinks of one span. `value` is None when it could not judge, and `reason` says why."""

    span_id: str
    name: str
    """The measure: "relevance", "sufficiency", "groundedness", "answer_relevance", ..."""
    value: float | None = Field(ge=0, le=1, allow_inf_nan=False)
    """0 is bad, 1 is good; None with a `reason` when it could not be judged. Never NaN."""
    reason: str = ""
    """Why there is no value, or in a few words why the value is what it is."""
    low: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    high: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    """`low` and `high` bound the value (90 % interval) where the scorer knows how sure it is."""
    scorer: str = ""
    """Name and version of what gave the score, such as "lexical/1"."""
    content: str = ""
    """`Trace.content_hash` of the trace that was scored; "" where it is not known. Another one's score is out of date."""
    document: int | None = Field(default=None, ge=0)
    """For a score of one document: its index in the span's `documents`, from 0."""
    sentence: TextRange | None = None
    """For a score of one sentence: where it stands."""
    support: TextRange | None = None
    """The passage that supports the sentence best, or contradicts it."""
    label: str = ""
    """A sentence's class: "supported", "unsupported", "contradicted", "abstention", "not_a_claim"."""
    detail: tuple[str, ...] = ()
    """The words, numbers or names behind the value: what is missing, unsupported, or contradicted."""
    unsupported: tuple[TextRange, ...] = ()
    """For an unsupported sentence: which characters of it nothing carries, in order."""

    @classmethod
    def unscored(
        cls, span_id: str, name: str, reason: str, *, scorer: str = "", document: int | None = None
    ) -> "Score":
        """A score that could not be given: the judge failed, which is not the step failing."""
        return cls(span_id=span_id, name=name, value=None, reason=reason, scorer=scorer, document=document)

    @property
    def is_whole(self) -> bool:
        """A score of the whole span, not of one document or sentence."""
        return self.document is None and self.sentence is None


class Scores:
    """The scores of one trace, looked up by span and name."""

    def __init__(self, scores: Iterable[Score] = ()) -> None:
        """Keep `scores`; of two for the same thing the later one wins."""
        self._all = tuple(scores)
        self._whole: dict[tuple[str, str], Score] = {}
        self._documents: dict[tuple[str, str], dict[int, Score]] = {}
        self._sentences: dict[tuple[str, str], list[Score]] = {}
        for score in self._all:
            key = (score.span_id, score.name)
            if score.document is not None:
                self._documents.setdefault(key, {})[score.document] = score
            elif score.sentence is not None:
                self._sentences.setdefault(key, []).append(score)
            else:
                self._whole[key] = score

    def __iter__(self) -> Iterator[Score]:
        """All scores, in the order given."""
        return iter(self._all)

    def __len__(self) -> int:
        """How many scores there are."""
        return len(self._all)

    def get(self, span_id: str, name: str) -> Score | None:
        """The score of the whole span, or None where nobody gave one."""
        return self._whole.get((span_id, name))

    def value(self, span_id: str, name: str) -> float | None:
        """The value of the whole span's score; None where there is none, or none could be given."""
        score = self.get(span_id, name)
        return None if score is None else score.value

    def of_documents(self, span_id: str, name: str) -> dict[int, Score]:
        """The scores of single documents of the span, by index from 0."""
        return self._documents.get((span_id, name), {})

    def of_sentences(self, span_id: str, name: str) -> list[Score]:
        """The scores of single sentences of the span, in the order given."""
        return self._sentences.get((span_id, name), [])

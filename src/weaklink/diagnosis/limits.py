"""Every number that a rule compares with."""

from pydantic import BaseModel, Field


class Limits(BaseModel, frozen=True):
    """Thresholds of the rules and of the verdict. A ramp is 0 at its first end, 1 at its second, straight between."""

    insufficient: tuple[float, float] = (0.55, 0.33)
    """Sufficiency of a context: from here on it may be lacking, from there on it is."""
    absent: tuple[float, float] = (0.35, 0.7)
    """Share of the question's words, by weight, that no passage has: from here on the answer may be lacking, from there on it is."""
    off_topic: float = Field(default=0.3, ge=0, le=1)
    """Best relevance of a retrieval below which its passages are about something else."""
    sufficiency_lost: tuple[float, float] = (0.1, 0.3)
    """Sufficiency that a reranker or the packing lost."""
    relevance_lost: tuple[float, float] = (0.05, 0.3)
    """By how much the best passage that was dropped, or left behind, is more relevant than the best that was kept."""
    little_shown: tuple[float, float] = (0.6, 0.2)
    """Share of the passages' text in the prompt: from here on it is little, from there on next to nothing."""
    same_query: float = Field(default=0.45, ge=0, le=1)
    """Likeness of question and query up to which the query is another one."""
    drifted: tuple[float, float] = (0.2, 0.6)
    """Likeness of question and query: up to here it drifted, from there on it did not."""
    entity_lost: tuple[float, float] = (0.1, 0.5)
    """Share of the question's words, by weight, that the query lost."""
    beside_the_question: tuple[float, float] = (0.55, 0.25)
    """Answer relevance: from here on the answer may be about something else, from there on it is."""
    other_passage: tuple[float, float] = (0.15, 0.5)
    """By how much another passage is more relevant than those that the answer rests on."""
    copies: tuple[float, float] = (0.2, 0.6)
    """Share of the passages that are copies of others."""
    grounded: tuple[float, float] = (0.6, 0.9)
    """Groundedness from which on an answer speaks for its context, whatever the context's sufficiency."""
    drawn: tuple[float, float] = (0.3, 0.7)
    """Share of what an answer says beside the question that stands in its context, from which on it speaks for the context."""
    trust_in_grounded: float = Field(default=0.75, ge=0, le=1)
    """How much of the doubt about a context an answer takes away that is fully grounded in it, or drawn from it."""
    abstention: tuple[float, float] = (0.3, 0.65)
    """Sufficiency of a context behind an abstention: up to here it was honest, from there on it was wrong."""
    whole_passage: float = Field(default=0.95, ge=0, le=1)
    """Share of a passage in the prompt from which on it counts as passed on whole."""
    same_call: int = Field(default=3, ge=2)
    """So many calls of one step with the same input and the same output are a loop."""
    sure_enough: float = Field(default=0.6, ge=0, le=1)
    """Confidence below which a trace is not called ok but unknown; on labelled traces, 14 of 21 of those between 0.6 and 0.7 are."""
    surest: float = Field(default=0.97, ge=0, le=1)
    """No verdict is given with more confidence than this."""
    hard: float = Field(default=0.95, ge=0, le=1)
    """Probability that the step that raised is the weak link."""
    doubt_beside_hard: float = Field(default=0.2, ge=0, le=1)
    """How much a doubt counts in a trace where a step reported a failure itself."""
    explained_by_loss: float = Field(default=0.6, ge=0, le=1)
    """How much of the doubt about a search a later step that certainly lost text takes away."""
    explained_by_total_loss: float = Field(default=0.9, ge=0, le=1)
    """The same where none of the text that was found reached the model: then the answer says nothing about the search."""
    stands_alone: float = Field(default=0.7, ge=0, le=1)
    """Strength from which on a finding needs no other to speak for it: no later loss of text explains it, and of the findings about
    one step it goes before those that only say what is lacking."""
    broken: float = Field(default=0.6, ge=0, le=1)
    """Probability of the first suspect from which on the trace is called broken; on labelled traces (those that weights are fitted
    on), 0.6 calls 2 in 100 healthy traces broken, 0.58 calls 4, and decides on 1 in 100 more."""
    unknown: float = Field(default=0.2, ge=0, le=1)
    """Probability of the first suspect from which on the trace cannot be called ok."""
    degraded: float = Field(default=0.2, ge=0, le=1)
    """Probability of the first suspect from which on a trace whose answer stands is called degraded. As high as `unknown`, so that
    by default a doubt names nobody; set it lower than that to see weak steps."""
    invented_id: float = Field(default=0.8, ge=0, le=1)
    """Probability that a tool's argument which names something (an order, a user, a link) and stands nowhere is the weak link."""
    invented_argument: float = Field(default=0.55, ge=0, le=1)
    """The same for a number or a date, which a model may also have worked out."""
    invented_value: float = Field(default=0.7, ge=0, le=1)
    """Probability that the step which first stated a value of the answer that nothing supports is the weak link."""


def ramp(value: float, ends: tuple[float, float]) -> float:
    """Where `value` lies between `ends`, cut off to 0..1; the ends may fall."""
    start, full = ends
    return min(1.0, max(0.0, (value - start) / (full - start)))

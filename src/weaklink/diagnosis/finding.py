"""What a rule has found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from weaklink.diagnosis.drawn import drawn_by
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.model import Evidence, Scores, Span, TextRange, Trace, text_of

_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Finding:
    """A step that failed, or may have."""

    span_id: str
    strength: float
    """Suspicion, 0..1, that the step failed in this way, taken by itself; `probabilities` makes a probability of it."""
    says: str
    """What happened here, in one sentence."""
    evidence: Sequence[Evidence] = field(default_factory=list[Evidence])
    advice: str = ""
    signals: Mapping[str, float] = field(default_factory=dict[str, float])
    """What else speaks for it, each 0..1, by the names that the rule's weights have; one of `symptoms` where the rule knows better."""
    hard: bool = False
    """The step itself reported it: an exception, an error, nothing returned. Doubts about earlier steps do not explain it away."""
    general: bool = False
    """It says that something is lacking, not why: a finding about the same step that says why goes first."""
    harmless: bool = False
    """It failed, and something made good: worth telling, no reason to call the answer broken."""


Rule = Callable[[Trace, Scores, Limits], Iterable[Finding]]


def quote(text: str, most: int = _SHOWN) -> str:
    """`text` on one line, shortened."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def listed(words: Sequence[str], most: int = 5) -> str:
    """Words as people list them: "a, b and c"."""
    shown = [f'"{word}"' for word in words[:most]]
    if len(words) > most:
        shown.append(f"{len(words) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def abstained(generator: Span, scores: Scores) -> bool:
    """Whether all that the model claims is that it does not know."""
    sentences = scores.of_sentences(generator.id, "groundedness")
    claims = [sentence for sentence in sentences if sentence.label != "not_a_claim"]
    return bool(claims) and all(sentence.label == "abstention" for sentence in claims)


def was_cut_short(generator: Span) -> bool:
    """Whether something else ended the answer: its reader left, the call was stopped or failed. What it lacks says nothing."""
    return generator.status in ("abandoned", "cancelled", "incomplete", "error")


def trouble(trace: Trace, scores: Scores, limits: Limits) -> float:
    """How much the answer itself shows, 0..1, that it did not get what it needed: it abstains, is not grounded, or is missing."""
    generator = trace.dataflow.generator
    if generator is None:
        return 1.0
    if not trace.dataflow.generator_text or abstained(generator, scores):
        return 1.0
    grounded = scores.value(generator.id, "groundedness")
    return 1.0 if grounded is None else 1.0 - ramp(grounded, limits.grounded)


def symptoms(trace: Trace, scores: Scores) -> dict[str, float]:
    """What the answer shows, each 0..1: "abstained", "ungrounded", "undrawn", and of its context "insufficient" and "sufficient".

    "undrawn" is how little of what the answer says beside the question stands in its context. 0.5 where nobody could tell.
    """
    generator = trace.dataflow.generator
    if generator is None:
        return {"abstained": 0.0, "ungrounded": 0.5, "undrawn": 0.5, "insufficient": 0.5, "sufficient": 0.5}
    is_refusal = abstained(generator, scores)
    drawn = drawn_by(trace, scores)
    grounded, enough = (scores.value(generator.id, name) for name in ("groundedness", "sufficiency"))
    return {
        "abstained": float(is_refusal),
        "ungrounded": 0.0 if is_refusal else 0.5 if grounded is None else 1.0 - grounded,
        "undrawn": 1.0 if is_refusal else 0.5 if drawn is None else 1.0 - drawn.share,
        "insufficient": 0.5 if enough is None else 1.0 - enough,
        "sufficient": 0.5 if enough is None else enough,
    }


def place_of(span: Span, field_name: str, text: str | None = None) -> TextRange:
    """All of a field of a span: "input", "output", or a document such as "documents.0" whose text is given."""
    whole = text if text is not None else text_of(getattr(span, field_name))
    return TextRange(span_id=span.id, field=field_name, start=0, end=len(whole), text=quote(whole))


def excerpt(span: Span, field_name: str, piece: str, whole: str | None = None) -> TextRange:
    """Where `piece` stands in a field of a span; the whole field where it cannot be found."""
    text = whole if whole is not None else text_of(getattr(span, field_name))
    start = text.find(piece)
    if start < 0 or not piece:
        return place_of(span, field_name, text)
    return TextRange(span_id=span.id, field=field_name, start=start, end=start + len(piece), text=quote(piece))

"""What a rule has found."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from weaklink.diagnosis.limits import Limits
from weaklink.model import Evidence, Scores, Span, Trace

_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Finding:
    """A step that failed, or may have."""

    span_id: str
    strength: float
    """Probability, 0..1, that the step failed in this way, taken by itself."""
    says: str
    """What happened here, in one sentence."""
    evidence: Sequence[Evidence] = field(default_factory=list[Evidence])
    advice: str = ""
    hard: bool = False
    """The step itself reported it: an exception, an error, nothing returned. Doubts about earlier steps do not explain it away."""
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

"""What speaks for an answer that no rule has a quarrel with: whether it says something, from its context, of the kind that was asked for.

An answer can be wrong with every sentence grounded: it repeats the question, or says something true beside it.
"""

from weaklink.diagnosis.drawn import drawn_by
from weaklink.diagnosis.small_talk import is_small_talk
from weaklink.model import Scores, Trace
from weaklink.scoring.answer import expected_type, has_type
from weaklink.scoring.logistic import log_odds
from weaklink.scoring.question import read_question

_TELLING = 4
"""New words from which on an answer says something beside the question."""


def soundness(trace: Trace, scores: Scores, unsuspected: float) -> dict[str, float]:
    """What the probability that all is well is read from; `unsuspected` is what the suspicions leave of it.

    Log odds of "unsuspected", "grounded" and "sufficient"; 0..1: "telling" (words that the question has not, or a number, date
    or name that it asks for), "carried" (share of these that the context has), "covered" (share of the question, by weight,
    that the context has); 0 or 1: "mistyped" (a number, a name or a date is asked for and not given), "asking" (the answer is a
    question). All neutral without an answer, and where nothing was asked.
    """
    known = {"unsuspected": log_odds(unsuspected), "telling": 1.0, "carried": 1.0, "covered": 1.0}
    generator, text = trace.dataflow.generator, trace.dataflow.generator_text
    drawn = drawn_by(trace, scores)
    if generator is None or drawn is None or is_small_talk(trace.question):
        return known
    kind = expected_type(trace.question)
    fits = bool(kind) and has_type(kind, text, trace.question)
    is_typed = fits and kind in ("number", "time", "name", "yes or no")  # "28 days" says all that was asked for
    known |= {
        "telling": 1.0 if is_typed else min(1.0, len(drawn.new) / _TELLING),
        "carried": len(drawn.carried) / len(drawn.new) if drawn.new else float(is_typed),
        "covered": read_question(trace.dataflow.asked).coverage(drawn.context),
        "mistyped": float(bool(kind) and not fits),
        "asking": float(text.endswith("?")),
    }
    for name, score in (("grounded", "groundedness"), ("sufficient", "sufficiency")):
        value = scores.value(generator.id, score)
        known[name] = 0.0 if value is None else log_odds(value)
    return known

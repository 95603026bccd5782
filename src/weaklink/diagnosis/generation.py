"""Rules on what the model made of its context."""

import re
from collections.abc import Iterator, Sequence

from weaklink.diagnosis.finding import Finding, abstained, excerpt, listed, quote, was_cut_short
from weaklink.diagnosis.hard import TOKEN_LIMITS
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.diagnosis.parts import is_denial
from weaklink.model import Evidence, Score, Scores, Trace
from weaklink.scoring.claim import names_in
from weaklink.scoring.text.tokens import tokenise

_WHOLE_END = re.compile(r"[.!?:;)\]}\"'”’…|>*`0-9%€$]\s*$")
_EMPTY_POINT = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s*$")
_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•#])\s")
_NEVER_LAST = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "or",
        "to",
        "in",
        "on",
        "at",
        "for",
        "with",
        "by",
        "from",
        "that",
        "which",
        "who",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "as",
        "than",
        "but",
        "because",
        "if",
        "when",
        "while",
        "its",
        "his",
        "her",
        "their",
        "this",
        "these",
        "those",
        "has",
        "have",
        "had",
        "can",
        "will",
        "would",
        "should",
        "could",
        "not",
        "no",
        "into",
        "about",
        "between",
        "such",
    ]
)


def contradicted(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The answer says something else than the passage it was given."""
    yield from _bad_sentences(trace, scores, "contradicted", "the answer contradicts its context")


def unsupported(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The answer states something that nothing the model was shown supports."""
    yield from _bad_sentences(trace, scores, "unsupported", "nothing that the model was shown supports this")


def answered_without_evidence(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model answered a question although it was shown nothing that answers it."""
    generator = trace.dataflow.generator
    if generator is None or was_cut_short(generator) or abstained(generator, scores):
        return
    if not trace.dataflow.generator_text:
        return
    shown = scores.value(generator.id, "sufficiency")
    retrieved = bool(trace.of_kind("retriever"))
    if trace.dataflow.context:
        if shown is None:
            return
        lacking = ramp(shown, limits.insufficient)
        grounded = scores.value(generator.id, "groundedness")
        strength = 0.5 * lacking * (1.0 - (grounded if grounded is not None else 0.5))
    elif retrieved:
        strength = 0.6
    else:
        return  # a chain without retrieval answers from what the model knows; nothing says that it should not
    says = f"the model answered “{quote(trace.dataflow.generator_text, 80)}” and was shown nothing that says so"
    yield Finding(
        generator.id, strength, says, advice="tell the model to say when its context does not hold the answer"
    )


def false_abstention(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model said that it does not know, although its context holds the answer."""
    generator = trace.dataflow.generator
    if generator is None or was_cut_short(generator) or not abstained(generator, scores):
        return
    sufficiency = scores.get(generator.id, "sufficiency")
    if sufficiency is None or sufficiency.value is None:
        return
    says = f"the model abstained, and its context seems to hold the answer (sufficiency {sufficiency.value:.2f})"
    support = sufficiency.support
    evidence = [Evidence(says=f"it was shown: “{quote(support.text)}”", at=support)] if support else []
    strength = 0.9 * ramp(sufficiency.value, limits.abstention)
    yield Finding(generator.id, strength, says, evidence, "soften the instruction to abstain, or use a stronger model")


def incomplete(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The answer stops before it is complete: inside a sentence, or after announcing what does not follow."""
    generator, text = trace.dataflow.generator, trace.dataflow.generator_text
    if generator is None or not text or was_cut_short(generator) or abstained(generator, scores):
        return
    if generator.model and generator.model.finish_reason in TOKEN_LIMITS:
        return
    how, strength = _how_incomplete(text)
    given = trace.answer.strip()
    if given and given in text and not _how_incomplete(given)[0]:
        return  # what a parser cut off at the end is not missing
    if not how:
        return
    tail = text.rstrip()[-60:]
    says = f"the answer {how}: “…{quote(tail)}”"
    evidence = [Evidence(says=f"its end: “…{quote(tail)}”", at=excerpt(generator, "output", tail))]
    advice = "look for a stop word or a limit on characters that ends the answer early, and raise the maximum number of tokens"
    yield Finding(generator.id, strength, says, evidence, advice)


def _how_incomplete(text: str) -> tuple[str, float]:
    """What shows that a text is not complete, "" for nothing, and how surely."""
    last = text.rstrip().splitlines()[-1].strip()
    if _EMPTY_POINT.search(last) or (last.endswith(":") and len(text) > 8):
        return "announces what does not follow", 0.9
    if _stops_inside(text, last):
        return "stops inside a sentence", 0.9 if last.rsplit(None, 1)[-1].lower() in _NEVER_LAST else 0.55
    return "", 0.0


def _stops_inside(text: str, last: str) -> bool:
    """The last line is a sentence of prose without an end, and not a bare value, a list item or a heading."""
    if _WHOLE_END.search(last) or len(text.split()) < 8:
        return False
    if last.rsplit(None, 1)[-1].lower() in _NEVER_LAST:
        return True
    is_item = _ITEM.match(last) is not None
    return not is_item and len(last.split()) >= 8 and last.rsplit(None, 1)[-1][:1].islower()


def _bad_sentences(trace: Trace, scores: Scores, label: str, what: str) -> Iterator[Finding]:
    generator = trace.dataflow.generator
    if generator is None:
        return
    sentences = scores.of_sentences(generator.id, "groundedness")
    if was_cut_short(generator):  # where it was cut, half a sentence may say what the whole one would not
        sentences = sentences[:-1]
    bad = [s for s in sentences if s.label == label and s.value is not None]
    if label == "contradicted":  # what a tool returned is read or misread: `misread_output` speaks of that
        bad = [s for s in bad if s.support is None or trace.get(s.support.span_id).kind != "tool"]
    if not bad:
        return
    worst = min(bad, key=lambda score: score.value or 0.0)
    whole = scores.value(generator.id, "groundedness")
    strength = 1.0 - max(worst.value or 0.0, whole if whole is not None and len(bad) == 1 else 0.0)
    says = f"{what}: “{quote(worst.sentence.text if worst.sentence else '', 100)}”"
    if worst.detail:
        says += f" ({quote(', '.join(worst.detail), 100)})"
    advice = (
        "use a stronger model, lower the temperature, or ask it to quote the passage it answers from"
        if label == "contradicted"
        else "ask the model to answer only from its context, and to say when the context does not hold the answer"
    )
    evidence = [item for score in bad[:3] for item in _sentence_evidence(score)]
    claims = [
        s for s in scores.of_sentences(generator.id, "groundedness") if s.label not in ("not_a_claim", "abstention")
    ]
    signals = {**kinds_of(bad), "share": len(bad) / max(1, len(claims))}
    yield Finding(generator.id, strength, says, evidence, advice, signals=signals)


def kinds_of(bad: Sequence[Score]) -> dict[str, float]:
    """What the bad sentences get wrong, each 0 or 1: "number", "name", "negation", and "values" for any of the first two.

    "novel", 0..1, is how many words nothing carries; "alike", 0..1, how much of such a sentence the passage says in the same words.
    """
    words = [(word.partition(" (the passage says")[0], score) for score in bad for word in score.detail]
    number = any(char.isdigit() for word, _ in words for char in word)
    name = any(_is_name(word, score) for word, score in words)
    return {
        "number": float(number),
        "name": float(name),
        "negation": float(any(is_denial(detail) for score in bad for detail in score.detail)),
        "alike": max((_alike(score) for score in bad), default=0.0),
        "values": float(number or name),
        "novel": min(1.0, max((len(score.detail) for score in bad), default=0) / 8),
    }


def _alike(score: Score) -> float:
    """Share of the sentence's words that the passage has where it says otherwise."""
    if score.sentence is None or score.support is None:
        return 0.0
    said = {token.value for token in tokenise(score.sentence.text) if token.content}
    held = {token.value for token in tokenise(score.support.text)}
    return len(said & held) / max(1, len(said))


def _is_name(word: str, score: Score) -> bool:
    """The word has a part that reads as a name where it stands."""
    sentence = tuple(tokenise(score.sentence.text)) if score.sentence is not None else ()
    names = {token.surface for token in names_in(sentence)}
    return any(token.surface in names for token in tokenise(word))


def _sentence_evidence(score: Score) -> Iterator[Evidence]:
    if score.sentence is not None:
        words = f" ({listed(score.detail)})" if score.detail and score.label == "unsupported" else ""
        yield Evidence(says=f"{score.label}: “{quote(score.sentence.text)}”{words}", at=score.sentence)
    if score.support is not None:
        yield Evidence(says=f"nearest in the context: “{quote(score.support.text)}”", at=score.support)

"""Rules on what the index holds: passages cut in the middle, copies of one passage, versions of different age."""

import re
from collections.abc import Iterator, Sequence

from weaklink.diagnosis.finding import Finding, excerpt, place_of, quote, trouble
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.model import Document, Evidence, Scores, Span, Trace
from weaklink.model.roles import roles
from weaklink.scoring.claim import read_claim
from weaklink.scoring.contradiction import contradictions
from weaklink.scoring.index import index_of
from weaklink.scoring.question import frequencies, read_question
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.tables import fields_of
from weaklink.scoring.text.tokens import tokenise

_WHOLE_END = re.compile(r"[.!?:;)\]}\"'”’…|>*。！？：；）］】》〉」』｡।॥؟؛۔։።៕\u0e00-\u0eff]\s*$")
"""What a sentence ends with; Thai and Lao, the last range, end it with a space, so there nothing shows a cut."""
_LONG = 40
"""Characters from which on a passage is prose; a title or a cell of a table needs no full stop."""
_DATE = re.compile(r"\b(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?\b")
_DATE_KEYS = (
    "date",
    "updated",
    "updated_at",
    "last_modified",
    "modified",
    "published",
    "valid_from",
    "year",
    "version",
    "effective",
)


def chunk_cut(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The passage that should answer was cut in the middle of a sentence when it was indexed."""
    if trace.dataflow.generator is not None and not trace.dataflow.context:
        return  # what never reached the model cannot have misled it
    for span in _searches(trace):
        cut = [index for index, document in enumerate(span.documents) if is_cut(document.content)]
        best = _nearest(trace, span)
        if best is None or best not in cut:
            continue
        text = span.documents[best].content
        tail = text.rstrip()[-60:]
        says = f"the passage nearest to the question ends in the middle of a sentence: “…{quote(tail, 70)}”"
        lengths = sorted(len(span.documents[index].content) for index in cut)
        advice = (
            f"cut at sentences and let chunks overlap: the chunks here have about {lengths[len(lengths) // 2]} characters; "
            "try twice as many"
        )
        strength = trouble(trace, scores, limits) * (0.4 + 0.5 * len(cut) / len(span.documents))
        evidence = [Evidence(says=f"cut here: “…{quote(tail)}”", at=excerpt(span, f"documents.{best}", tail, text))]
        signals = {"share": len(cut) / len(span.documents), "short": ramp(lengths[len(lengths) // 2], (400, 100))}
        yield Finding(span.id, strength, says, evidence, advice, signals=signals)


def duplicates(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """Copies of one passage took the places of others."""
    for span in _searches(trace):
        groups = _copies(span.documents)
        spare = len(span.documents) - len(groups)
        if spare < 2:
            continue
        largest = max(groups, key=len)
        share = spare / len(span.documents)
        says = (
            f"{len(largest)} of the {len(span.documents)} passages of {span.name} are copies of one another: "
            f"“{quote(span.documents[largest[0]].content, 70)}”"
        )
        advice = f"index each passage once (by a hash of its text), or drop copies after the search: {spare} places would be free"
        places = [
            Evidence(says=f"rank {span.documents[n].rank}: “{quote(span.documents[n].content, 80)}”",
                     at=place_of(span, f"documents.{n}", span.documents[n].content))
            for n in largest[:3]
        ]  # fmt: skip
        strength = ramp(share, limits.copies) * trouble(trace, scores, limits)
        yield Finding(span.id, strength, says, places, advice, signals={"share": share})


def stale(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The answer rests on an outdated version of a passage, and a newer one was found beside it."""
    answer = trace.answer or trace.dataflow.generator_text
    if not answer:
        return
    said = _values(answer)
    for span in _searches(trace):
        for older, newer in _versions(span.documents):
            old, new = span.documents[older], span.documents[newer]
            before, after = _values(old.content), _values(new.content)
            from_old, from_new = said & (before - after), said & (after - before)
            if len(from_new) >= len(from_old):
                from_old = {against} if (against := _against(answer, trace.question, old, new)) else set[str]()
            if not from_old:
                continue
            says = (
                f"the answer follows the version of {_date_of(old)} ({', '.join(sorted(from_old)[:3])}), "
                f"and {span.name} also found that of {_date_of(new)}"
            )
            evidence = [
                Evidence(
                    says=f"outdated: “{quote(old.content)}”", at=place_of(span, f"documents.{older}", old.content)
                ),
                Evidence(says=f"newer: “{quote(new.content)}”", at=place_of(span, f"documents.{newer}", new.content)),
            ]
            advice = "delete old versions when a page is indexed again, or filter or rank by date"
            yield Finding(span.id, 0.85, says, evidence, advice)
            return


def _against(answer: str, question: str, old: Document, new: Document) -> str:
    """What an answer says that the newer version contradicts and the older one does not; "" where it says nothing of the kind."""
    for start, end in split_sentences(answer):
        claim = read_claim(answer[start:end], question, follows=start > 0)
        found = contradictions(claim, index_of((new.content,))) if claim.tokens else []
        if found and not contradictions(claim, index_of((old.content,))):
            return found[0].claimed
    return ""


def is_cut(text: str) -> bool:
    """Whether a passage of prose ends inside a sentence; the row of a table has none."""
    stripped = text.strip()
    return len(stripped) >= _LONG and not _WHOLE_END.search(stripped) and not fields_of(stripped)


def _searches(trace: Trace) -> list[Span]:
    known = roles(trace)
    return [span for span in trace.of_kind("retriever") if known.get(span.id) == "retrieve" and span.documents]


def _nearest(trace: Trace, span: Span) -> int | None:
    """The passage with most of the question's words; None where none has any."""
    asked = read_question(trace.dataflow.asked)
    covered = [asked.coverage(set(frequencies(document.content).keys())) for document in span.documents]
    best = max(range(len(covered)), key=covered.__getitem__, default=None)
    return best if best is not None and covered[best] > 0 else None


def _copies(documents: Sequence[Document]) -> list[list[int]]:
    """Indexes of documents, grouped so that near-copies stand together."""
    groups: list[tuple[frozenset[str], list[int]]] = []
    for index, document in enumerate(documents):
        words = frozenset(frequencies(document.content))
        for known, members in groups:
            if len(words & known) >= 0.85 * max(1, len(words | known)):
                members.append(index)
                break
        else:
            groups.append((words, [index]))
    return [members for _, members in groups]


def _versions(documents: Sequence[Document]) -> Iterator[tuple[int, int]]:
    """Pairs (older, newer) of documents that say nearly the same and bear different dates."""
    dated = [(index, date, frequencies(d.content).keys()) for index, d in enumerate(documents) if (date := _date_of(d))]
    for index, date, words in dated:
        for other, later, others in dated:
            if date < later and len(words & others) >= 0.6 * max(1, len(words | others)):
                yield index, other


def _date_of(document: Document) -> str:
    """The date or version of a document, from its metadata or else its first or last line; "" where it has none."""
    for key in _DATE_KEYS:
        if (value := document.metadata.get(key)) not in (None, ""):
            return str(value)
    text = document.content
    near = (text[:80], text[-80:])
    marked = [
        m[0]
        for part in near
        if re.search(r"\b(?:updat|version|revis|valid|effective|as of|date)", part, re.I)
        for m in [_DATE.search(part)]
        if m
    ]
    return marked[0] if marked else ""


def _values(text: str) -> set[str]:
    """The words and numbers of a text that carry content."""
    return {token.value for token in tokenise(_DATE.sub(" ", text) if len(text) > 400 else text) if token.content}

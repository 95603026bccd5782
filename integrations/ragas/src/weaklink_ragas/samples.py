"""What a metric is given of a trace, and which step its score belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from weaklink.model import Span, Trace

References = Mapping[str, Any] | Callable[[Trace], Any]
"""Right answers: by question, or by a function of the trace. An answer is a text, or a dictionary with any of `reference`,
`reference_contexts` and `reference_context_ids`."""

_REFERENCE_KEYS = ("reference", "reference_answer", "ground_truth", "expected_answer")
_MORE_KEYS = ("reference_contexts", "reference_context_ids")
_HOW_TO_GIVE = {
    "reference": "no right answer is known: record it as metadata {'reference': ...}, or give references",
    "reference_contexts": "no right passages are known: record them as metadata {'reference_contexts': [...]}, or give references",
    "reference_context_ids": "no ids of right passages are known: record them as metadata {'reference_context_ids': [...]}",
    "user_input": "the trace holds no question",
    "response": "the model wrote no text",
    "retrieved_contexts": "the step has no documents",
    "retrieved_context_ids": "the documents have no ids",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What one step gives a metric to judge."""

    span_id: str
    values: dict[str, Any]
    """By the names of ragas: user_input, response, retrieved_contexts, reference, ..."""
    missing: str = ""
    """Why it cannot be judged; "" where all is there."""

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts in it, and the passages as one text, which is how some metrics send them."""
        listed = [cast(list[str], value) for value in self.values.values() if isinstance(value, list)]
        single = [value for value in self.values.values() if isinstance(value, str)]
        return (*single, *(text for texts in listed for text in texts), *("\n".join(texts) for texts in listed))


def samples(
    trace: Trace, required: frozenset[str], optional: frozenset[str], *, of_retrieval: bool, references: References | None
) -> list[Sample]:  # fmt: skip
    """The samples of `trace`: one for each retrieval that fed the answer, or one for the model call that wrote it."""
    values = {"user_input": trace.question, "response": trace.dataflow.generator_text or trace.answer}
    values |= _right_answer(trace, references)
    found: list[tuple[Span, dict[str, Any]]] = []
    if of_retrieval:
        for span in trace.dataflow.last_stage:
            ids = [document.id for document in span.documents if document.id is not None]
            contexts = [document.content for document in span.documents]
            found.append((span, {"retrieved_contexts": contexts, "retrieved_context_ids": ids}))
    elif (generator := trace.dataflow.generator) is not None:
        found.append((generator, {"retrieved_contexts": [passage.text for passage in trace.dataflow.context]}))
    return [_sample(span, values | more, required, optional) for span, more in found]


def _sample(span: Span, values: dict[str, Any], required: frozenset[str], optional: frozenset[str]) -> Sample:
    there = {name: value for name, value in values.items() if value and name in required | optional}
    lacking = sorted(required - there.keys())
    return Sample(span.id, there, _HOW_TO_GIVE[lacking[0]] if lacking else "")


def _right_answer(trace: Trace, references: References | None) -> dict[str, Any]:
    given: Any = None
    if callable(references):
        given = references(trace)
    elif references is not None:
        given = references.get(trace.question)
    if given is not None:
        return dict(given) if isinstance(given, Mapping) else {"reference": str(given)}  # pyright: ignore[reportUnknownArgumentType]
    recorded = trace.root.metadata
    found = {key: recorded[key] for key in _MORE_KEYS if isinstance(recorded.get(key), list)}
    answer = next((recorded[key] for key in _REFERENCE_KEYS if isinstance(recorded.get(key), str)), None)
    return found if answer is None else {"reference": answer, **found}

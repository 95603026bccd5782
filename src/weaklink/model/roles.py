"""What each step does in the pipeline: the words of the pipeline strip."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Literal, get_args

from weaklink.model.payload import documents_in
from weaklink.model.reasoning import calls_a_tool
from weaklink.model.value import main_text, messages_in, strings_in, text_of

if TYPE_CHECKING:
    from weaklink.model.span import Span, SpanKind
    from weaklink.model.trace import Trace

Role = Literal[
    "", "rewrite", "route", "embed", "retrieve", "filter", "rerank", "pack", "generate", "parse", "tool", "plan", "guard",
    "index",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)

_BY_KIND: dict[SpanKind, Role] = {
    "embedding": "embed",
    "retriever": "retrieve",
    "reranker": "rerank",
    "prompt": "pack",
    "parser": "parse",
    "tool": "tool",
    "guardrail": "guard",
    "vector_store": "index",
}

# A query that a model wrote is asked by one of the searches that follow: in a long run, not by one hundreds of steps later.
_NEXT_SEARCHES = 50


def roles(trace: Trace) -> dict[str, Role]:
    """The role of each span that has one, by span id: from its kind, and from what its documents and texts became."""
    return trace.roles


def find_roles(trace: Trace) -> dict[str, Role]:
    """The same, found anew; `Trace.roles` keeps it."""
    found: dict[str, Role] = {}
    for span in trace.spans:
        role = _role(trace, span)
        if role:
            found[span.id] = role
    return found


def _role(trace: Trace, span: Span) -> Role:
    if span.kind == "llm":
        return _llm_role(trace, span)
    if span.kind == "reranker":
        return "filter" if "filter" in span.name.lower() else "rerank"
    if span.kind == "chain":
        return _chain_role(trace, span)
    if span.kind == "retriever" and trace.has_below(span, "retriever"):
        return ""  # a retriever around others (multi-query, ensemble, compression): those below have the roles
    if span.kind == "embedding" and any(above.kind == "retriever" for above in trace.ancestors(span)):
        return ""  # part of the retrieval
    if span.kind in ("prompt", "parser") and not _serves_the_generator(trace, span):
        return ""  # part of a rewrite, a route or a plan
    return _BY_KIND.get(span.kind, "")


def _serves_the_generator(trace: Trace, span: Span) -> bool:
    """The model call next to a prompt, or before a parser, is the one that wrote the answer; or there is none."""
    if trace.serves_a_step(span):
        return False
    generator = trace.dataflow.generator
    if span.kind == "prompt":
        place = bisect_left(trace.leaf_llms, span.start_ns, key=_start)
    else:
        place = bisect_right(trace.leaf_llms, span.start_ns, key=_start) - 1
    if generator is None or not 0 <= place < len(trace.leaf_llms):
        return True
    call = trace.leaf_llms[place]
    if span.kind == "prompt" and _llm_role(trace, call) == "generate":
        return True  # an answer on the way to the answer: a refinement, a part, a question of its own
    return call.id == generator.id or _tool_calls(call)


def _llm_role(trace: Trace, span: Span) -> Role:
    if trace.has_below(span, "llm"):
        return ""
    if _tool_calls(span) and span is not trace.dataflow.form:
        return "plan"
    generator = trace.dataflow.generator
    if generator is not None and span.id == generator.id:
        return "generate"
    if any(above.attributes.get("branch") for above in trace.ancestors(span)):
        return ""  # part of the decision where to go
    text = main_text(span.output).strip()
    if text.lower() in (name for start, name in trace.once(_choices) if start >= span.start_ns):
        return "route"
    searches = trace.once(_searches)
    first = bisect_left(searches, span.start_ns, key=lambda search: search[0])
    queries = [query for _, query in searches[first : first + _NEXT_SEARCHES]]
    if text and any(query in text for query in queries):
        return "rewrite"
    if text and any(text in query for query in queries) and not _answers(trace, span):
        return "rewrite"  # with more words around it
    is_late = generator is not None and generator.end_ns is not None and span.start_ns >= generator.end_ns
    return "" if is_late or trace.serves_a_step(span) else "generate"


def _answers(trace: Trace, span: Span) -> bool:
    """The call was shown passages: what it wrote may be searched for later, as by those who check an answer."""
    given = text_of(span.input)
    return any(
        document.content.strip() in given
        for source in trace.of_kind("retriever", "reranker")
        for document in source.documents
        if source.start_ns <= span.start_ns and document.content.strip()
    )


def _searches(trace: Trace) -> list[tuple[int, str]]:
    """When each retriever was asked, and what."""
    return [(span.start_ns, text_of(span.input).strip()) for span in trace.of_kind("retriever")]


def _choices(trace: Trace) -> list[tuple[int, str]]:
    """When each function that decides where to go on was asked, and which step it named."""
    branches = (span for span in trace.spans if span.attributes.get("branch"))
    return [(span.start_ns, name) for span in branches if (name := text_of(span.output).strip().lower())]


def _start(span: Span) -> int:
    return span.start_ns


def _tool_calls(llm: Span) -> bool:
    return any(message.get("tool_calls") for message in messages_in(llm.output)) or calls_a_tool(main_text(llm.output))


def _chain_role(trace: Trace, span: Span) -> Role:
    """A function that a person wrote: packs where documents went in and text came out, rewrites where a query came out."""
    if span.attributes.get("branch"):
        return "route"
    if span.plumbing or span.id == trace.root.id or trace.children(span):
        return ""
    if documents_in(span.input) and not documents_in(span.output) and (span.failed or main_text(span.output).strip()):
        return "pack"
    if _reads_the_answer(trace, span):
        return "parse"
    text = span.output.strip() if isinstance(span.output, str) else ""
    was_given = any(text == given.strip() for _, given in strings_in(span.input))
    is_asked = trace.dataflow.last_asked.get(text, -1) >= span.start_ns
    return "rewrite" if text and not was_given and is_asked else ""


def _reads_the_answer(trace: Trace, span: Span) -> bool:
    """The step began after the answer was written, was given it as it is, and made something else of it, or failed."""
    generator, written = trace.dataflow.generator, trace.dataflow.generator_text
    if generator is None or not written or span.start_ns < (generator.end_ns or generator.start_ns):
        return False
    was_given = any(text.strip() == written for _, text in strings_in(span.input))
    return was_given and (span.failed or main_text(span.output).strip() != written)

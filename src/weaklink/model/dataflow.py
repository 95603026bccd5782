"""Which document or text went from where to where in a trace."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from weaklink.model.document import Document
from weaklink.model.forms import filled_in, form_text
from weaklink.model.payload import OF_USER, answer_in, question_in, turns_in, without_documents
from weaklink.model.reasoning import calls_a_tool, said
from weaklink.model.sighting import visible_part
from weaklink.model.value import main_text, messages_in, text_of

if TYPE_CHECKING:
    from weaklink.model.span import Span
    from weaklink.model.trace import Trace

_CONTEXT_KEYS = ("context", "contexts", "documents", "docs", "passages", "sources", "context_str", "summaries")
# Words by which a question points back to an earlier turn.
_POINTS_BACK = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|he|him|his|she|her|there|one)\b"
    r"|^\W*(?:and|or|but|also|what about|how about)\b",
    re.IGNORECASE,
)
# How frameworks write a conversation into a prompt.
_TURN = re.compile(r"^[ \t]*(user|human|assistant|ai)[ \t]*:[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)
_EARLIER_TURNS = 3
# How many calls before the generator may have written what it refines: a long run of an agent has thousands.
_EARLIER_CALLS = 64
# A shorter output of an earlier call ("no") stands in many prompts by chance; as in "36 months", two words are no chance.
_SHORTEST_ANSWER = 6


class ContextPassage(BaseModel, frozen=True):
    """A passage, and how much of it the model that wrote the answer was shown."""

    text: str
    """The part that stands in the prompt; the whole passage where `share` is 1, "" where it is 0."""
    span_id: str
    """The step that the passage came from: retriever, reranker, tool, or prompt."""
    document: int | None = None
    """Index in that span's `documents`, from 0; None for the output of a tool or a prompt variable."""
    share: float = Field(ge=0, le=1)
    """Share of the passage's characters that stand in the prompt, 0..1."""


class Dataflow:
    """Follows question, documents and texts through the steps of one trace. Cheap to make; each part is computed once."""

    def __init__(self, trace: Trace) -> None:
        """Look at `trace`, which is not changed."""
        self._trace = trace

    @cached_property
    def question(self) -> str:
        """What the user asked: from the input of the root, or its state where it goes on; else of the first retriever; else ""."""
        if self._trace.asks_nothing:
            return ""
        found = self._question_of_state if self._goes_on else question_in(self._trace.root.input)
        if not found:
            found = next((text for span in self._trace.of_kind("retriever") if (text := text_of(span.input))), "")
        return found.strip()

    @property
    def _goes_on(self) -> bool:
        """The root was not asked anything: it goes on where an earlier trace stopped, with what a person said, or with nothing."""
        root = self._trace.root
        if root.attributes.get("goes_on"):
            return True
        return root.input is None and any("node" in step.attributes for step in self._trace.children(root))

    @property
    def _question_of_state(self) -> str:
        """The question in the state that the first step was given which was given one."""
        given = (step.input for step in self._trace.children(self._trace.root))
        return next((text for state in given if isinstance(state, dict) and (text := question_in(state))), "")

    @cached_property
    def asked(self) -> str:
        """The question, with what the user said before where it points back to it ("and how long is it?")."""
        said = [text for role, text in self.turns if role == "user"]
        return (
            "\n".join([*said[-_EARLIER_TURNS:], self.question])
            if said and _POINTS_BACK.search(self.question)
            else self.question
        )

    @cached_property
    def turns(self) -> tuple[tuple[str, str], ...]:
        """What was said before the question, as ("user" or "assistant", text), in order.

        As far as the root was given it, else the first model call: engines with a memory of their own write it into its prompt.
        """
        found = turns_in(self._trace.root.input)
        if not [turn for turn in found if turn != ("user", self.question)] and self._trace.leaf_llms:
            given = self._trace.leaf_llms[0].input
            found = _before_the_last(turns_in(given)) or [
                ("user" if role.lower() in OF_USER else "assistant", text.strip())
                for role, text in _TURN.findall(text_of(given))
            ]
        return tuple(turn for turn in found if turn != ("user", self.question))

    @cached_property
    def answer(self) -> str:
        """What the user got: the root's output, or what the model wrote where the root has none; "" for nothing."""
        if self._trace.asks_nothing:
            return ""
        if self.form is not None:
            return self.generator_text
        output = self._trace.root.output
        direct = answer_in(output)
        if direct:
            return direct.strip()
        if self.generator_text and (output is None or self.generator_text in text_of(output)):
            return self.generator_text
        return main_text(without_documents(output)).strip() or self.generator_text

    @cached_property
    def generator(self) -> Span | None:
        """The model call that wrote the answer, or should have: the last innermost llm span that asked for no tool; None without one."""
        if self._trace.asks_nothing:
            return None
        calls = self._answering
        final = answer_in(self._trace.root.output)
        matching = [span for span in calls if final and (text := _wrote(span)) and text in final]
        if matching:
            return matching[-1]
        if self.form is not None:
            return self.form
        calls = tuple(span for span in calls if not self._is_query(span))
        writers = [span for span in calls if main_text(span.output).strip()]
        last = calls[-1] if calls else None
        if last is not None and last.status == "ok" and last.output is not None and not _asks_for_tools(last):
            return last  # it wrote nothing, and that is the answer
        return writers[-1] if writers else last

    @cached_property
    def _answering(self) -> tuple[Span, ...]:
        """The innermost model calls but for those that serve a search, a ranking or a choice of where to go."""
        return tuple(call for call in self._trace.leaf_llms if not self._trace.serves_a_step(call))

    @cached_property
    def _parts(self) -> tuple[Span, ...]:
        """The model calls that wrote a part of the answer each, where it was put together from several; else none."""
        final = answer_in(self._trace.root.output).strip()
        wrote: dict[str, list[Span]] = {}
        for call in self._answering:
            text = _wrote(call)
            if text == final:
                return ()
            if len(text) >= _SHORTEST_ANSWER and text in final:
                wrote.setdefault(text, []).append(call)
        whole = [text for text in wrote if not any(text != other and text in other for other in wrote)]
        parts = [call for text in whole for call in wrote[text][-final.count(text) :]]
        return tuple(parts) if len(parts) > 1 else ()

    @cached_property
    def form(self) -> Span | None:
        """The model call that gave its answer as a form it filled in; None where the answer is a text."""
        return filled_in(self._trace)

    def _is_query(self, call: Span) -> bool:
        """What the model wrote was asked of a retriever: it is no answer, also where the chain ended before there was one."""
        text = main_text(call.output).strip()
        return bool(text) and self.last_asked.get(text, -1) >= call.start_ns

    @cached_property
    def last_asked(self) -> dict[str, int]:
        """Each query that a retriever was asked, and when it was asked last, in nanoseconds."""
        return {text_of(span.input).strip(): span.start_ns for span in self._trace.of_kind("retriever")}

    @cached_property
    def generator_text(self) -> str:
        """What that model call wrote, stripped; "" where it wrote nothing. The answer stands for an output that was not recorded."""
        if self.generator is None:
            return ""
        if self.generator.output is None and self.generator.status == "ok" and self.generator is not self._trace.root:
            return answer_in(self._trace.root.output).strip()
        if self.generator is self.form:
            return form_text(self.generator)
        if self._parts:
            return "\n\n".join(map(_wrote, self._parts))
        return _wrote(self.generator)

    @cached_property
    def prompt_text(self) -> str:
        """All text that the generator was given, and what the calls were given whose answers it refines or sums up; "" without one."""
        if self.generator is None:
            return ""
        given = [text_of(call.input) for call in self._parts or (self.generator,)]
        if not any(span.documents for span in self.last_stage):
            return "\n\n".join(given)
        earlier = [call for call in self._trace.leaf_llms if call.start_ns < self.generator.start_ns]
        for call in earlier[: -_EARLIER_CALLS - 1 : -1]:
            wrote = main_text(call.output).strip()
            if len(wrote) >= _SHORTEST_ANSWER and any(wrote in text for text in given):
                given.append(text_of(call.input))
        return "\n\n".join(given)

    @cached_property
    def sources(self) -> tuple[Span, ...]:
        """The retrievers and rerankers that ended before the generator started, in the order they started."""
        spans = self._trace.of_kind("retriever", "reranker")
        if self.generator is None:
            return tuple(spans)
        return tuple(span for span in spans if span.start_ns <= self.generator.start_ns)

    @cached_property
    def last_stage(self) -> tuple[Span, ...]:
        """The sources whose documents no later source took over: what should have reached the prompt."""
        # The documents of each reranker are hashed once: a long run of an agent has thousands of sources.
        reranked = {span.id: {document.key for document in span.candidates} for span in self._trace.of_kind("reranker")}
        kept: list[Span] = []
        # Of each reranker that began later, what it was given, and the steps around it: these hand on what it kept.
        later: list[tuple[set[str], set[str]]] = []
        for span in reversed(self.sources):
            keys = {document.key for document in span.documents}
            around = list(self._trace.ancestors(span))
            above = [reranked[one.id] for one in around if one.kind == "reranker"]
            is_inside = any(one.kind == "retriever" for one in around)
            taken = [candidates for candidates, steps in later if span.id not in steps]
            if not is_inside and not any(keys & candidates for candidates in (*taken, *above)):
                kept.append(span)
            if span.id in reranked:
                later.append((reranked[span.id], {one.id for one in around}))
        return tuple(reversed(kept))

    def share_in_prompt(self, document: Document) -> float:
        """How much of the document's text the generator was shown, 0..1; 0 without a generator."""
        return self._sighting(document.content)[0]

    @cached_property
    def packed(self) -> tuple[ContextPassage, ...]:
        """Each document of the last stage, with the part of it that the generator was shown; also those it was not."""
        passages: list[ContextPassage] = []
        seen: set[str] = set()
        for span in self.last_stage:
            for index, document in enumerate(span.documents):
                if document.key in seen:
                    continue
                seen.add(document.key)
                share, text = self._sighting(document.content)
                passages.append(ContextPassage(text=text, span_id=span.id, document=index, share=share))
        return tuple(passages)

    @cached_property
    def context(self) -> tuple[ContextPassage, ...]:
        """What the generator could know from: documents and tool outputs in its prompt, else the prompt's context variable."""
        shown = [passage for passage in self.packed if passage.share > 0]
        seen = {passage.text for passage in shown}
        for span in self._trace.of_kind("retriever", "reranker", "tool"):
            for index, text in _texts_of_source(span):
                share, part = self._sighting(text)
                if share > 0 and part not in seen:
                    seen.add(part)
                    shown.append(ContextPassage(text=part, span_id=span.id, document=index, share=share))
        return tuple(shown) or self._context_variable

    @cached_property
    def _context_variable(self) -> tuple[ContextPassage, ...]:
        for span in reversed(self._trace.of_kind("prompt")):
            if isinstance(span.input, dict):
                for key in _CONTEXT_KEYS:
                    text = text_of(span.input.get(key))
                    if text.strip() and (self.generator is None or self._sighting(text)[0] > 0):
                        return (ContextPassage(text=text, span_id=span.id, share=1.0),)
        return ()

    def _sighting(self, text: str) -> tuple[float, str]:
        cached = self._sightings.get(text)
        if cached is None:
            cached = self._sightings[text] = visible_part(text, self.prompt_text)
        return cached

    @cached_property
    def _sightings(self) -> dict[str, tuple[float, str]]:
        return {}


def _before_the_last(turns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The turns before the user's last one, which is what is asked now, in the words of a prompt."""
    last = max((place for place, (role, _) in enumerate(turns) if role == "user"), default=0)
    return turns[:last]


def _asks_for_tools(llm: Span) -> bool:
    return any(message.get("tool_calls") for message in messages_in(llm.output)) or calls_a_tool(main_text(llm.output))


def _wrote(call: Span) -> str:
    """What a model call has to say, without the thoughts that lead to it."""
    return said(main_text(call.output).strip())


def _texts_of_source(span: Span) -> list[tuple[int | None, str]]:
    if span.kind == "tool":
        return [(None, text)] if (text := main_text(span.output).strip()) else []
    return [(index, document.content) for index, document in enumerate(span.documents)]

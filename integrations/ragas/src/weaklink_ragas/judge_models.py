"""Any language model as something that answers a prompt: of LangChain, of LlamaIndex, of ragas, or a function."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from weaklink.errors import WeaklinkError
from weaklink_ragas.background import in_thread

_CHARACTERS_A_TOKEN = 4  # of English; https://platform.openai.com/tokenizer


class UnusableJudge(WeaklinkError):
    """You gave a judge that is no language model."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the judge wrote."""

    text: str
    input_tokens: int | None = None
    """As the model reported it; None where it did not."""
    output_tokens: int | None = None


Ask = Callable[[str, type[Any] | None], Awaitable[Reply]]
"""Takes the prompt, and the pydantic model that the answer has to fit where it is known."""


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """A language model that can be asked."""

    name: str
    ask: Ask


def tokens_in(text: str) -> int:
    """About how many tokens `text` has."""
    return -(-len(text) // _CHARACTERS_A_TOKEN)


def judge_model(llm: Any) -> JudgeModel:
    """The judge that `llm` is: a LangChain model (or any runnable), a LlamaIndex LLM, one of ragas, or a function of the prompt.

    Raises UnusableJudge where it is none of these.
    """
    for inner in ("langchain_llm", "llm"):  # the wrappers that ragas puts around them
        if type(llm).__module__.startswith("ragas.") and getattr(llm, inner, None) is not None:
            llm = getattr(llm, inner)
    name = _name_of(llm)
    if hasattr(llm, "agenerate") and type(llm).__module__.startswith("ragas."):
        return JudgeModel(name, _asking_ragas(llm))
    if hasattr(llm, "ainvoke"):
        return JudgeModel(name, _asking_langchain(llm))
    if hasattr(llm, "acomplete"):
        return JudgeModel(name, _asking_llama_index(llm))
    if callable(llm) and not isinstance(llm, type):
        return JudgeModel(name, _asking_function(llm))
    raise UnusableJudge(
        f"cannot judge with a {type(llm).__name__}: it is no LangChain or LlamaIndex model and no function of a prompt; "
        "type: RagasScorer('faithfulness', llm=ChatOpenAI(model=...))"
    )


def _name_of(llm: Any) -> str:
    for holder in (llm, getattr(llm, "metadata", None)):
        for attribute in ("model_name", "model", "model_id"):
            if isinstance(found := getattr(holder, attribute, None), str) and found:
                return found
    return getattr(llm, "__name__", "") or type(llm).__name__


def _asking_langchain(llm: Any) -> Ask:
    async def ask(prompt: str, expected: type[Any] | None) -> Reply:
        message = await llm.ainvoke(prompt)
        usage: Any = getattr(message, "usage_metadata", None) or {}
        return Reply(_text_of(message), usage.get("input_tokens"), usage.get("output_tokens"))

    return ask


def _text_of(message: Any) -> str:
    """Of a chat message, or of what an older model or a chain that ends in a parser gives."""
    content = getattr(message, "content", message)
    if isinstance(content, list):  # blocks: text, reasoning, ...
        parts: list[Any] = content  # pyright: ignore[reportUnknownVariableType]
        return "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in parts)
    return str(content)


def _asking_llama_index(llm: Any) -> Ask:
    async def ask(prompt: str, expected: type[Any] | None) -> Reply:
        answer = await llm.acomplete(prompt)
        usage: Any = getattr(getattr(answer, "raw", None), "usage", None)
        return Reply(str(answer.text), getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None))

    return ask


def _asking_ragas(llm: Any) -> Ask:
    async def ask(prompt: str, expected: type[Any] | None) -> Reply:
        if expected is None:
            raise UnusableJudge(
                f"{_name_of(llm)} gives structured answers only, and this metric asks for text; give a LangChain model"
            )
        if getattr(llm, "is_async", True):
            answer = await llm.agenerate(prompt, expected)
        else:
            answer = await in_thread(llm.generate, prompt, expected)
        return Reply(answer.model_dump_json())

    return ask


def _asking_function(function: Callable[[str], Any]) -> Ask:
    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)

    async def ask(prompt: str, expected: type[Any] | None) -> Reply:
        given = await function(prompt) if is_async else await in_thread(function, prompt)
        return given if isinstance(given, Reply) else Reply(str(given))

    return ask

"""The judge as ragas wants one: for the metrics of its collections, and for the older ones."""

from __future__ import annotations

from typing import Any

from weaklink_ragas.asking import Asker, json_in
from weaklink_ragas.background import wait_for
from weaklink_ragas.library import ragas_module

_llms: Any = ragas_module("ragas.llms.base")
_outputs: Any = ragas_module("langchain_core.outputs")


class StructuredJudge(_llms.InstructorBaseRagasLLM):
    """Gives pydantic models; what the metrics of `ragas.metrics.collections` ask."""

    is_async = True

    def __init__(self, asker: Asker) -> None:
        """Ask through `asker`."""
        self._asker = asker

    async def agenerate(self, prompt: str, response_model: type[Any]) -> Any:
        """The judge's answer as a `response_model`. Raises JudgeFailed."""
        return await self._asker.ask(prompt, lambda text: response_model.model_validate(json_in(text)), response_model)

    def generate(self, prompt: str, response_model: type[Any]) -> Any:
        """The same, for a caller that is on no event loop."""
        return wait_for(self.agenerate(prompt, response_model))


class TextJudge(_llms.BaseRagasLLM):
    """Gives texts, which the older metrics parse themselves, asking again where they cannot."""

    def __init__(self, asker: Asker) -> None:
        """Ask through `asker`."""
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self._asker = asker

    async def agenerate_text(
        self, prompt: Any, n: int = 1, temperature: float | None = None, stop: list[str] | None = None, callbacks: Any = None
    ) -> Any:  # fmt: skip
        """`n` answers to a prompt. Raises JudgeFailed."""
        texts = [await self._asker.ask(prompt.to_string(), str) for _ in range(n)]
        return _outputs.LLMResult(generations=[[_outputs.Generation(text=text) for text in texts]])

    async def generate(
        self, prompt: Any, n: int = 1, temperature: float | None = None, stop: list[str] | None = None, callbacks: Any = None
    ) -> Any:  # fmt: skip
        """The same: the base class would try ten times for up to a minute each, and the asker tries again already."""
        return await self.agenerate_text(prompt, n)

    def generate_text(
        self, prompt: Any, n: int = 1, temperature: float | None = None, stop: list[str] | None = None, callbacks: Any = None
    ) -> Any:  # fmt: skip
        """The same, for a caller that is on no event loop."""
        return wait_for(self.agenerate_text(prompt, n))

    def is_finished(self, response: Any) -> bool:
        """An answer that was cut off is found when it is parsed."""
        return True

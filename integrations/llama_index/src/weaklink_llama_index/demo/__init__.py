"""The demo in LlamaIndex: a real RAG query engine and a real agent, and nine ways in which such things break.

Read `engine.py` and `agent.py` as examples of an engine and a workflow with named steps. `weaklink demo --framework llama_index`
finds `demo` through the entry point group "weaklink.demos".
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from llama_index.core.async_utils import asyncio_run  # pyright: ignore[reportUnknownVariableType]
from llama_index.core.callbacks import CallbackManager

from weaklink.demo import DemoCase
from weaklink.demo.llm_server import LocalModel
from weaklink_llama_index.demo.agent import CompanyAssistant
from weaklink_llama_index.demo.engine import HandbookEngine, Pieces, healthy_pieces
from weaklink_llama_index.demo.models import ScriptedLLM, real_model
from weaklink_llama_index.demo.sabotages import SABOTAGES

__all__ = ["LlamaIndexDemo", "demo"]


class LlamaIndexDemo:
    """The engine and the agent, ready to be asked; a `weaklink.demo.DemoPipeline`."""

    framework = "LlamaIndex"
    steps: Mapping[str, tuple[str, ...]] = {
        "retrieve": ("VectorIndexRetriever",),
        "rerank": ("QuestionCoverageReranker", "DistanceReranker"),
        "pack": ("pack_context",),
        "generate": ("OpenAILike", "ScriptedLLM"),
        "parse": ("TextParser", "AmountParser", "JsonParser"),
        "tool": ("vacation_balance",),
    }

    def __init__(self, local: LocalModel | None) -> None:
        """Index the handbook; with `local` None, scripted answers stand in for the model."""
        self._scripted = local is None
        healthy = healthy_pieces(ScriptedLLM(answer="") if local is None else real_model(local))
        # Made beforehand: an index that a sabotage fills is no part of the run that is recorded.
        self._pieces = {"": healthy, **{name: sabotage(healthy) for name, sabotage in SABOTAGES.items()}}

    def pieces(self, case: DemoCase) -> Pieces:
        """What the case's engine is made of, sabotage included."""
        pieces = self._pieces[case.sabotage]
        return replace(pieces, model=ScriptedLLM(answer=case.scripted)) if self._scripted else pieces

    def run(self, case: DemoCase, callbacks: Sequence[Any] = ()) -> Any:
        """Ask the case's question; what the engine raises comes through."""
        pieces, manager = self.pieces(case), CallbackManager(list(callbacks))
        if case.pipeline == "agent":
            assistant = CompanyAssistant(pieces, manager)
            return asyncio_run(_ask(assistant, case.question))
        parser = pieces.amount_parser if case.pipeline == "amount" else pieces.text_parser
        return HandbookEngine.of(pieces, parser, manager).query(case.question)


async def _ask(assistant: CompanyAssistant, question: str) -> Any:
    running: Any = assistant.run(question=question)  # typed in part only (workflows 2.26)
    return await running


@contextmanager
def demo(local: LocalModel | None = None) -> Generator[LlamaIndexDemo]:
    """The demo in LlamaIndex, over the running model `local`, or with scripted answers where that is None."""
    yield LlamaIndexDemo(local)

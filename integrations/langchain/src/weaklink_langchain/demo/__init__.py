"""The demo in LangChain: a real RAG chain and a real agent, and nine ways in which such things break.

Read `chain.py` and `agent.py` as examples of a chain and an agent with named steps. `weaklink demo` finds `demo`
through the entry point group "weaklink.demos".
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable

from weaklink.demo import DemoCase
from weaklink.demo.llm_server import LocalModel
from weaklink_langchain.demo.agent import build_agent
from weaklink_langchain.demo.chain import Pieces, build_chain, healthy_pieces
from weaklink_langchain.demo.models import ScriptedChatModel, real_model
from weaklink_langchain.demo.sabotages import SABOTAGES

__all__ = ["LangChainDemo", "demo"]


class LangChainDemo:
    """The chain and the agent, ready to be asked; a `weaklink.demo.DemoPipeline`."""

    framework = "LangChain"
    steps: Mapping[str, tuple[str, ...]] = {
        "retrieve": ("search_handbook",),
        "rerank": ("rerank", "QuestionCoverageReranker", "DistanceReranker"),
        "pack": ("pack_context",),
        "generate": ("write_answer",),
        "parse": ("parse_answer",),
        "tool": ("vacation_balance",),
    }

    def __init__(self, local: LocalModel | None) -> None:
        """Index the handbook; with `local` None, scripted answers stand in for the model."""
        self._scripted = local is None
        healthy = healthy_pieces(ScriptedChatModel(answer="") if local is None else real_model(local))
        # Made beforehand: an index that a sabotage fills is no part of the run that is recorded.
        self._pieces = {"": healthy, **{name: sabotage(healthy) for name, sabotage in SABOTAGES.items()}}

    def pieces(self, case: DemoCase) -> Pieces:
        """What the case's chain is made of, sabotage included."""
        pieces = self._pieces[case.sabotage]
        return replace(pieces, model=ScriptedChatModel(answer=case.scripted)) if self._scripted else pieces

    def runnable(self, case: DemoCase) -> Runnable[str, Any]:
        """The chain or agent that answers the case's question."""
        pieces = self.pieces(case)
        if case.pipeline == "agent":
            return build_agent(pieces)
        return build_chain(pieces, pieces.amount_parser if case.pipeline == "amount" else pieces.text_parser)

    def run(self, case: DemoCase, callbacks: Sequence[Any] = ()) -> Any:
        """Ask the case's question; what the chain raises comes through."""
        return self.runnable(case).invoke(case.question, config={"callbacks": list(callbacks)})


@contextmanager
def demo(local: LocalModel | None = None) -> Generator[LangChainDemo]:
    """The demo in LangChain, over the running model `local`, or with scripted answers where that is None."""
    yield LangChainDemo(local)

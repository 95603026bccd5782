"""The LangChain workloads: the callbacks alone, a RAG chain four ways, and a short and a long agent."""

from __future__ import annotations

import asyncio
import time
from functools import cached_property
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage

from benchmarks.overhead.frameworks import Config, Took
from benchmarks.overhead.work.agent import agent_graph
from benchmarks.overhead.work.rag import DOCUMENTS, new_answer, rag_chain
from benchmarks.overhead.work.replay import replay

CONCURRENT = 50
TURNS = 3
MANY_TURNS = 30
now = time.perf_counter


class RunCounter(BaseCallbackHandler):
    """Counts the runs that LangChain starts."""

    run_inline = True

    def __init__(self) -> None:
        self.started = 0
        for name in ("chain", "llm", "chat_model", "retriever", "tool"):
            setattr(self, f"on_{name}_start", self.count)

    def count(self, *args: Any, **kwargs: Any) -> None:
        """Any start."""
        self.started += 1


class Work:
    """One method per workload; `burst` is gather and `soak` is invoke, with more calls."""

    def __init__(self) -> None:
        self.chain = rag_chain()
        self.loop = asyncio.new_event_loop()
        self.asked = 0
        self.docs = self.chain.first.steps__["docs"].invoke("x")
        self.prompt = self.chain.middle[1]

    # Built when asked for: they need langgraph, which the other workloads do not.
    @cached_property
    def short_agent(self) -> Any:
        """Three turns."""
        return agent_graph(TURNS)

    @cached_property
    def long_agent(self) -> Any:
        """Thirty turns: each step is given all that was said before."""
        return agent_graph(MANY_TURNS)

    def run(self, workload: str, calls: int, config: Config) -> Took:
        """Makes the calls of one block."""
        return getattr(self, workload)(calls, config)

    def runs(self, workload: str) -> int | None:
        """Runs of one call, counted by a handler of our own."""
        counter = RunCounter()
        self.run(workload, 1, lambda: {"callbacks": [counter]})
        return counter.started

    def ask(self) -> str:
        """The next question."""
        self.asked += 1
        return f"What does document {self.asked % DOCUMENTS} say?"

    def hooks(self, calls: int, config: Config) -> Took:
        """The callbacks alone; `each` is CPU of the calling thread. Fresh documents, as a retriever returns them."""
        each: list[float] = []
        for _ in range(calls):
            docs = [document.model_copy() for document in self.docs]
            each.append(replay(config(), self.ask(), docs, new_answer(), self.prompt))
        return Took(each, [])

    def invoke(self, calls: int, config: Config) -> Took:
        """One call after the other."""
        each: list[float] = []
        for _ in range(calls):
            began = now()
            self.chain.invoke(self.ask(), config())
            each.append(now() - began)
        return Took(each, [])

    def gather(self, calls: int, config: Config) -> Took:
        """All calls at once through asyncio.gather; `each` is the share of one."""

        async def gather() -> None:
            await asyncio.gather(*(self.chain.ainvoke(self.ask(), config()) for _ in range(calls)))

        began = now()
        self.loop.run_until_complete(gather())
        return Took([(now() - began) / calls], [])

    def async50(self, calls: int, config: Config) -> Took:
        """The same, 50 at a time."""
        parts = [self.gather(min(CONCURRENT, calls - done), config) for done in range(0, calls, CONCURRENT)]
        return Took([took for part in parts for took in part.each], [])

    def stream(self, calls: int, config: Config) -> Took:
        """200 chunks a call; also the time to the first."""
        each: list[float] = []
        first: list[float] = []
        for _ in range(calls):
            began = now()
            seen = False
            for chunk in self.chain.stream(self.ask(), config()):
                if chunk and not seen:
                    first.append(now() - began)
                    seen = True
            each.append(now() - began)
        return Took(each, first)

    def batch(self, calls: int, config: Config) -> Took:
        """LangChain's own thread pool; `each` is the share of one."""
        began = now()
        self.chain.batch([self.ask() for _ in range(calls)], config())
        return Took([(now() - began) / calls], [])

    def agent(self, calls: int, config: Config) -> Took:
        """One agent run after the other."""
        return self.ask_agent(self.short_agent, calls, config)

    def agent30(self, calls: int, config: Config) -> Took:
        """One long agent run after the other."""
        return self.ask_agent(self.long_agent, calls, config)

    def ask_agent(self, agent: Any, calls: int, config: Config) -> Took:
        """One run of this agent after the other."""
        each: list[float] = []
        for _ in range(calls):
            began = now()
            agent.invoke({"messages": [HumanMessage(self.ask())]}, {**config(), "recursion_limit": 3 * MANY_TURNS})
            each.append(now() - began)
        return Took(each, [])

"""The LlamaIndex workload: a RetrieverQueryEngine over an in-memory index, mock embedding and LLM."""

from __future__ import annotations

import time

from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.schema import TextNode

from benchmarks.overhead.frameworks import Config, Took
from benchmarks.overhead.work.dispatch import listen, replay, spans_in

NODES = 16


class Work:
    """One method a workload. The tracers attach to the process: there is no config of one call."""

    def __init__(self) -> None:
        text = "lorem ipsum dolor sit amet " * 37
        nodes = [
            TextNode(id_=str(i), text=f"Document {i}. {text}", metadata={"source": f"file{i}.md"}) for i in range(NODES)
        ]
        index = VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=64))
        self.engine = RetrieverQueryEngine(
            retriever=index.as_retriever(similarity_top_k=4),
            response_synthesizer=get_response_synthesizer(llm=MockLLM(max_tokens=200)),
        )
        self.asked = 0
        self.reported = listen(lambda: self.engine.query("What does document 1 say?"))

    def run(self, workload: str, calls: int, config: Config) -> Took:
        """Makes the calls of the workload."""
        return self.spans(calls) if workload == "spans" else self.query(calls)

    def spans(self, calls: int) -> Took:
        """What LlamaIndex reports of a query, without the query."""
        return Took([replay(self.reported) for _ in range(calls)], [])

    def query(self, calls: int) -> Took:
        """One query after the other."""
        each: list[float] = []
        for _ in range(calls):
            self.asked += 1
            began = time.perf_counter()
            self.engine.query(f"What does document {self.asked % NODES} say?")
            each.append(time.perf_counter() - began)
        return Took(each, [])

    def runs(self, workload: str) -> int | None:
        """The spans that LlamaIndex opens in one query; one step of it has up to five."""
        return spans_in(self.reported)

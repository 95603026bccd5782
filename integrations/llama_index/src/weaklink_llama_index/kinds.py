"""Which method of which LlamaIndex class is which step of a pipeline.

LlamaIndex (core 0.14) opens a span for each method that overrides an abstract one, so that one step has up to five:
`query` > `_query`, `retrieve` > `_retrieve`, `synthesize` > `get_response` > `get_response`, `astream_chat` > `stream_chat` >
`stream_complete`. Spans of one family on one object, one inside the other, are one step here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from weaklink_llama_index.shapes import class_of

if TYPE_CHECKING:
    from weaklink.model import SpanKind

Family = Literal[
    "query", "chat", "retrieve", "rerank", "synthesize", "predict", "llm", "embed", "tool", "parse", "select", "transform",
    "program", "ingest", "run", "step", "history", "own",
]  # fmt: skip
_LENGTH_OF_ID = 37
# Functions of LlamaIndex that carry a span and are nothing that a person thinks of.
_FUNCTIONS_OF_FRAMEWORK = frozenset(("run_jobs", "run_jobs.<locals>.worker", "run_workflow"))
_SYNTHESIZERS = "llama_index.core.response_synthesizers."
_OWN_MODULES = ("llama_index.", "workflows.", "llama_index_instrumentation.")


class StepKind(NamedTuple):
    """What a span of LlamaIndex is to Weaklink."""

    family: Family
    kind: SpanKind
    plumbing: bool = False


STEP = StepKind("step", "chain")
FRAMEWORK_STEP = StepKind("step", "chain", plumbing=True)
_OWN_FUNCTION = StepKind("own", "chain")
_AGENT = StepKind("run", "agent")
# By name: importing them takes a while, and where an agent runs they are loaded.
_AGENTS = frozenset(("BaseWorkflowAgent", "AgentWorkflow"))


def method_of(id_: str) -> str:
    """The name in a span's id: "Retriever.retrieve" of "Retriever.retrieve-<36 characters of uuid>"."""
    return id_[:-_LENGTH_OF_ID]


def kind_of(instance: Any, qualified: str) -> StepKind | None:
    """The kind of a span with the name `qualified` on `instance` (None for a function); None where it is no step."""
    if instance is None:
        return None if qualified in _FUNCTIONS_OF_FRAMEWORK else _OWN_FUNCTION
    return _kind_of_method(class_of(instance), qualified.rpartition(".")[2])


def is_step_of_framework(workflow: type, step: str) -> bool:
    """Whether a step of a workflow was written by LlamaIndex, as all steps of its agents are."""
    function = getattr(workflow, step, None)
    return function is not None and getattr(function, "__module__", "").startswith(_OWN_MODULES)


@lru_cache(maxsize=4_096)
def _kind_of_method(cls: type, method: str) -> StepKind | None:
    if cls.__module__.startswith(_SYNTHESIZERS) and method in ("__call__", "acall"):
        return None  # the program inside a refinement: one call of a model, which has its own span
    is_known_class = False
    for base, names, kind in _table():
        if issubclass(cls, base):
            if names(method):
                return _AGENT if kind.family == "run" and _is_agent(cls) else kind
            is_known_class = True
    if is_known_class:  # a helper of a known step (`_get_prompts`, `split_text`, `reset`), and no step of its own
        return None
    return StepKind("own", "chain", plumbing=cls.__module__.startswith(_OWN_MODULES))


def _is_agent(cls: type) -> bool:
    return any(base.__name__ in _AGENTS for base in cls.__mro__)


@cache
def _table() -> tuple[tuple[type, Callable[[str], bool], StepKind], ...]:
    """Base class, the methods meant, what they are; the first row that fits counts."""
    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.base.base_selector import BaseSelector
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.base.embeddings.base_sparse import BaseSparseEmbedding
    from llama_index.core.base.llms.base import BaseLLM
    from llama_index.core.chat_engine.types import BaseChatEngine, StreamingAgentChatResponse
    from llama_index.core.image_retriever import BaseImageRetriever
    from llama_index.core.indices.query.query_transform.base import BaseQueryTransform
    from llama_index.core.indices.struct_store.sql_retriever import BaseSQLParser
    from llama_index.core.ingestion import IngestionPipeline
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.prompts.mixin import PromptMixin
    from llama_index.core.question_gen.types import BaseQuestionGenerator
    from llama_index.core.response_synthesizers import BaseSynthesizer
    from llama_index.core.schema import TransformComponent
    from llama_index.core.tools.types import BaseTool, BaseToolAsyncAdapter
    from llama_index.core.types import BaseOutputParser, BasePydanticProgram
    from llama_index.core.workflow import Workflow

    return (
        (BaseLLM, _is("stream", "astream"), StepKind("predict", "chain", plumbing=True)),
        (BaseLLM, _has("predict"), StepKind("predict", "chain", plumbing=True)),
        (
            BaseLLM,
            _is(
                "chat",
                "achat",
                "complete",
                "acomplete",
                "stream_chat",
                "astream_chat",
                "stream_complete",
                "astream_complete",
            ),
            StepKind("llm", "llm"),
        ),
        (BaseEmbedding, _has("embedding", "__call__", "acall"), StepKind("embed", "embedding")),
        (BaseSparseEmbedding, _has("embedding"), StepKind("embed", "embedding")),
        (BaseRetriever, _has("retrieve"), StepKind("retrieve", "retriever")),
        (BaseImageRetriever, _has("retrieve"), StepKind("retrieve", "retriever")),
        (BaseNodePostprocessor, _has("postprocess"), StepKind("rerank", "reranker")),
        (BaseSynthesizer, _has("synthesize", "get_response"), StepKind("synthesize", "chain")),
        (BaseQueryEngine, _has("query"), StepKind("query", "chain")),
        (BaseChatEngine, _is("chat", "achat", "stream_chat", "astream_chat"), StepKind("chat", "chain")),
        (BaseToolAsyncAdapter, _is("__call__", "call", "acall"), StepKind("own", "chain", plumbing=True)),
        (BaseTool, _is("__call__", "call", "acall"), StepKind("tool", "tool")),
        (BaseOutputParser, _is("parse"), StepKind("parse", "parser")),
        (BaseSQLParser, _has("parse"), StepKind("parse", "parser")),
        (BaseSelector, _has("select"), StepKind("select", "chain")),
        (BaseQueryTransform, _has("run", "__call__"), StepKind("transform", "chain")),
        (BaseQuestionGenerator, _has("generate"), StepKind("transform", "chain")),
        (BasePydanticProgram, _has("call"), StepKind("program", "chain", plumbing=True)),
        (IngestionPipeline, _is("run", "arun"), StepKind("ingest", "chain")),
        (
            TransformComponent,
            _is("__call__", "acall", "_parse_nodes", "_aparse_nodes", "aextract"),
            StepKind("ingest", "chain"),
        ),
        (Workflow, _is("run"), StepKind("run", "chain")),
        (StreamingAgentChatResponse, _has("history"), StepKind("history", "chain", plumbing=True)),
        (PromptMixin, _is(), _OWN_FUNCTION),
    )


def _is(*names: str) -> Callable[[str], bool]:
    return frozenset(names).__contains__


def _has(*parts: str) -> Callable[[str], bool]:
    return lambda method: any(part in method for part in parts)

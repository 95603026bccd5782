"""What every test of the integration has: a handler of its own, the traces it stored, models by script, nothing left behind."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from llama_index.core import Settings, VectorStoreIndex
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.llms import CustomLLM
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.schema import TextNode

from weaklink.model import Trace
from weaklink.recorder import Recorder, recorder_for, registry
from weaklink.store import open_store
from weaklink_llama_index import WeaklinkCallbackHandler
from weaklink_llama_index.context import attached, recording
from weaklink_llama_index.listeners import WeaklinkEventHandler, WeaklinkSpanHandler

USAGE = {"usage": {"prompt_tokens": 10, "completion_tokens": 3}, "choices": [{"finish_reason": "stop"}]}


class Say(CustomLLM):
    """Answers what the script says, the last line again and again; an exception in it is raised, "BOOM" breaks a stream off."""

    script: list[Any] = []
    asked: int = 0
    wait: float = 0.0

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="say-1")

    def answer(self) -> str:
        line = self.script[min(self.asked, len(self.script) - 1)]
        self.asked += 1
        if isinstance(line, BaseException):
            raise line
        return line

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text=self.answer(), raw=USAGE)

    @llm_completion_callback()
    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        await asyncio.sleep(self.wait)
        return CompletionResponse(text=self.answer(), raw=USAGE)

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        def pieces() -> Generator[CompletionResponse]:
            text = ""
            for word in self.answer().split():
                if word == "BOOM":
                    raise ConnectionError("the model broke off")
                text += f"{word} "
                yield CompletionResponse(text=text, delta=f"{word} ", raw=USAGE)

        return pieces()


class Call(FunctionCallingLLM):
    """Like `Say` with a chat model that calls tools: a line of the script may be a list of (tool, arguments)."""

    script: list[Any] = []
    asked: int = 0

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="call-1", is_chat_model=True, is_function_calling_model=True)

    def answer(self) -> ChatResponse:
        line = self.script[min(self.asked, len(self.script) - 1)]
        self.asked += 1
        if isinstance(line, BaseException):
            raise line
        if isinstance(line, str):
            return ChatResponse(message=ChatMessage(line, role=MessageRole.ASSISTANT), raw=USAGE, delta=line)
        calls = [{"name": name, "arguments": given, "id": f"c{n}"} for n, (name, given) in enumerate(line)]
        message = ChatMessage("", role=MessageRole.ASSISTANT, additional_kwargs={"tool_calls": calls})
        return ChatResponse(message=message, raw=USAGE, delta="")

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return self.answer()

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return self.answer()

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> Any:
        def pieces() -> Generator[ChatResponse]:
            yield self.answer()

        return pieces()

    @llm_chat_callback()
    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> Any:
        async def pieces() -> AsyncGenerator[ChatResponse]:
            yield self.answer()

        return pieces()

    def complete(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    acomplete = stream_complete = astream_complete = complete

    def get_tool_calls_from_response(self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any):
        return [
            ToolSelection(tool_id=call["id"], tool_name=call["name"], tool_kwargs=call["arguments"])
            for call in response.message.additional_kwargs.get("tool_calls", [])
        ]

    def _prepare_chat_with_tools(self, tools, user_msg=None, chat_history=None, **kwargs: Any) -> dict[str, Any]:
        asked = [ChatMessage(user_msg) if isinstance(user_msg, str) else user_msg] if user_msg else []
        offered = [{"type": "function", "function": {"name": tool.metadata.get_name()}} for tool in tools]
        return {"messages": [*(chat_history or []), *asked], "tools": offered}


def tree(trace: Trace, *, everything: bool = False) -> str:
    """The steps of a trace, one a line, indented by depth: name, kind, and status where it is not ok."""
    lines: list[str] = []
    for depth, span in trace.walk():
        if everything or not span.plumbing or span.id == trace.root.id:
            above = list(trace.ancestors(span))
            hidden = 0 if everything else sum(1 for a in above if a.plumbing and a.id != trace.root.id)
            lines.append(
                f"{'  ' * (depth - hidden)}{span.name} {span.kind}{'' if span.status == 'ok' else ' ' + span.status}"
            )
    return "\n".join(lines)


@pytest.fixture
def lab() -> SimpleNamespace:
    """Models by script, an index of three documents, and a drawing of a trace."""
    nodes = [
        TextNode(
            id_=f"n{number}", text=f"Document {number} says that the answer is {number}.", metadata={"source": "a.md"}
        )
        for number in range(3)
    ]
    index = VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=8))
    return SimpleNamespace(Say=Say, Call=Call, index=index, nodes=nodes, tree=tree)


@pytest.fixture(autouse=True)
def no_default_model() -> Iterator[None]:
    """LlamaIndex would ask for OpenAI's where a component is not told its model."""
    before = Settings._llm
    Settings.llm = Say(script=["Not asked for."])
    yield
    Settings._llm = before


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """`last_trace` waits for the writer of a busy machine."""
    monkeypatch.setattr("weaklink.recorder.latest._PATIENCE_S", 30.0)


@pytest.fixture(autouse=True)
def nothing_stays_behind() -> Iterator[None]:
    """No handler stays attached, and none of our listeners holds a span, after a test."""
    yield
    assert attached == []
    assert recording.get() is None
    root = get_dispatcher()
    for listener in root.span_handlers:
        if isinstance(listener, WeaklinkSpanHandler):
            assert listener.open_spans == {}
            assert listener.tracing._steps == {}
            assert listener.tracing.recorder.open_spans == 0
    assert all(isinstance(h, WeaklinkEventHandler) or "eaklink" not in type(h).__name__ for h in root.event_handlers)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the test records."""
    return tmp_path / "traces.db"


@pytest.fixture
def recorder(store: Path) -> Iterator[Recorder]:
    """The recorder of `store`; closed, and forgotten by the process, after the test."""
    found = recorder_for(store)
    yield found
    found.close()
    registry._recorders.pop(found.path)


@pytest.fixture
def handler(store: Path, recorder: Recorder) -> WeaklinkCallbackHandler:
    """A handler that raises its own errors into the test."""
    return WeaklinkCallbackHandler(store, strict=True)


@pytest.fixture
def listening(handler: WeaklinkCallbackHandler) -> Iterator[WeaklinkCallbackHandler]:
    """The same, attached for the length of the test."""
    with handler.attached():
        yield handler


@pytest.fixture
def traces(store: Path, recorder: Recorder) -> Callable[[], list[Trace]]:
    """All traces recorded so far, the oldest first."""

    def read() -> list[Trace]:
        assert recorder.flush(60)
        if not store.exists():
            return []
        opened = open_store(store)
        try:
            return [*opened.traces(limit=10_000)][::-1]
        finally:
            opened.close()

    return read

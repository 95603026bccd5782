"""Judges of every kind: LangChain's, LlamaIndex's, ragas's own, and a real small model."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel, FakeListLLM
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from llama_index.core.base.llms.types import CompletionResponse, LLMMetadata
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import CustomLLM
from llama_index.core.llms.callbacks import llm_completion_callback

import weaklink
from weaklink import Score, Trace, open_store
from weaklink.demo.llm_server import serve_model
from weaklink.demo.model import fetch_model
from weaklink_ragas import RagasScorer
from weaklink_ragas.asking import NO_JSON
from weaklink_ragas.library import ragas_module
from weaklink_ragas.testing import literal_verdict

STATEMENTS = json.dumps({"statements": ["Standby pay is 45 euros.", "It is paid monthly."]})
VERDICTS = json.dumps(
    {"statements": [{"statement": "a", "reason": "", "verdict": 1}, {"statement": "b", "reason": "", "verdict": 0}]}
)


class LiteralLlamaIndex(CustomLLM):
    """A LlamaIndex LLM that judges word for word."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="literal-llama-index")

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text=json.dumps(literal_verdict(prompt)))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        raise NotImplementedError


class Counting(FakeListChatModel):
    """A LangChain chat model that reports its tokens, and answers in blocks."""

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        text = super()._generate(messages, stop, run_manager, **kwargs).generations[0].text
        blocks: Any = [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": text}]
        usage: Any = {"input_tokens": 500, "output_tokens": 20, "total_tokens": 520}
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=blocks, usage_metadata=usage))])


def structured() -> Any:
    class Structured(ragas_module("ragas.llms.base").InstructorBaseRagasLLM):
        model = "structured"

        def generate(self, prompt: str, response_model: type[Any]) -> Any:
            raise NotImplementedError

        async def agenerate(self, prompt: str, response_model: type[Any]) -> Any:
            return response_model.model_validate(literal_verdict(prompt))

    # As those of ragas itself are told from others.
    Structured.__module__ = "ragas.llms.mine"
    return Structured()


def wrapped() -> Any:
    return ragas_module("ragas.llms").LangchainLLMWrapper(FakeListChatModel(responses=[STATEMENTS, VERDICTS]))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (
            lambda: FakeListChatModel(responses=[STATEMENTS, f"Here you are:\n```json\n{VERDICTS}\n```"]),
            "FakeListChatModel",
        ),
        (lambda: Counting(responses=[STATEMENTS, VERDICTS]), "Counting"),
        (lambda: FakeListLLM(responses=[STATEMENTS, VERDICTS]), "FakeListLLM"),
        (LiteralLlamaIndex, "literal-llama-index"),
        (structured, "structured"),
        (wrapped, "FakeListChatModel"),
    ],
)
def test_a_judge_of_any_kind_gives_the_same(trace: Trace, make: Any, name: str):
    scorer = RagasScorer("faithfulness", make())
    (score,) = scorer.score(trace)
    assert (score.value, f"judge {name} (" in scorer.version) == (0.5, True)
    if name == "Counting":
        assert (scorer.spent.input_tokens, scorer.spent.output_tokens) == (1000, 40)


@pytest.mark.parametrize(
    "embeddings", [None, DeterministicFakeEmbedding(size=8), MockEmbedding(8), lambda texts: [[1.0, 0.0]] * len(texts)]
)
@pytest.mark.parametrize("metric", ["answer_relevancy", "response_relevancy"])
def test_embeddings_of_any_kind_serve_both_kinds_of_metrics(trace: Trace, judge: Any, embeddings: Any, metric: str):
    (score,) = RagasScorer(metric, judge, embeddings=embeddings).score(trace)
    assert score.value == pytest.approx(1.0)


# --- nobody else hears of it


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Path]:
    weaklink.install(str(tmp_path / "traces.db"))
    yield tmp_path / "traces.db"
    weaklink.uninstall()


def by_function() -> Any:
    inner = FakeListChatModel(responses=[STATEMENTS])
    return lambda prompt: inner.invoke(prompt).content


@pytest.mark.parametrize("metric", ["faithfulness", "llm_context_recall", "answer_relevancy"])
@pytest.mark.parametrize("make", [lambda: FakeListChatModel(responses=[STATEMENTS]), LiteralLlamaIndex, by_function])
def test_the_judges_calls_are_no_steps_of_the_users_traces(trace: Trace, installed: Path, make: Any, metric: str):
    answers: dict[str, Any] = {"references": {"What?": "Standby pay is 45 euros."}, "retries": 0}
    with weaklink.record(str(installed)) as run:
        RagasScorer(metric, make(), embeddings=DeterministicFakeEmbedding(size=4), **answers).score(trace)
        assert weaklink.flush()
        assert (run.traces, installed.exists()) == ([], False)


def test_the_same_calls_of_the_user_are(installed: Path):
    FakeListChatModel(responses=["a"]).invoke("hello")
    LiteralLlamaIndex().complete('<data 0>\n{"response": "a"}\n</data 0>')
    assert weaklink.flush()
    assert len(list(open_store(installed).traces())) == 2


_NO_NETWORK = """
import sys
calls = []
sys.addaudithook(lambda event, args: calls.append((event, str(args))) if event in ("socket.connect", "socket.getaddrinfo") else None)
import ragas                     # as a host may have done, without switching anything off
from ragas._analytics import do_not_track
do_not_track()
from weaklink import trace_from
from weaklink_ragas import RagasScorer
from weaklink_ragas.testing import ScriptedJudge
trace = trace_from("What?", ["Standby pay is 45 euros."], "Standby pay is 45 euros.", reference="Standby pay is 45 euros.")
for name in ("faithfulness", "answer_relevancy", "llm_context_recall", "non_llm_string_similarity"):
    assert RagasScorer(name, ScriptedJudge()).score(trace)[0].value == 1.0, name
from ragas._analytics import _analytics_batcher
_analytics_batcher.shutdown()    # at exit it would post what it has
assert do_not_track() and calls == [], calls
"""


def test_nothing_is_sent_anywhere(tmp_path: Path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", _NO_NETWORK], capture_output=True, text=True, timeout=150, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_importing_the_package_imports_no_ragas():
    code = "import sys, weaklink_ragas; assert 'ragas' not in sys.modules and 'langchain_core' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# --- a real model


@pytest.mark.slow
def test_a_real_small_model_gives_scores_or_reasons_and_never_breaks(trace: Trace):
    pytest.importorskip("xllamacpp")
    from langchain_openai import ChatOpenAI
    from llama_index.llms.openai_like import OpenAILike

    with serve_model(fetch_model()) as model:
        key: Any = model.api_key
        chat = ChatOpenAI(
            base_url=model.base_url, model=model.name, api_key=key, temperature=0, max_completion_tokens=120
        )
        like = OpenAILike(
            api_base=model.base_url, model=model.name, api_key=model.api_key, is_chat_model=True, temperature=0, max_tokens=120,
            timeout=60.0,
        )  # fmt: skip
        found: list[Score] = []
        for llm, metric in ((chat, "context_utilization"), (like, "faithfulness")):
            scorer = RagasScorer(metric, llm, retries=0, timeout=100)
            found += scorer.score(trace)
            assert scorer.spent.calls >= 1
            assert scorer.spent.input_tokens > 300  # as the server reports them
    for score in found:
        print(score.name, score.value, score.reason, score.detail)
        assert (score.value is None) == (
            score.reason in (NO_JSON, "ragas gave no number: it found nothing in it to judge")
        )

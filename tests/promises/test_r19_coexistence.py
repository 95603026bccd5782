"""R19: beside the handlers of other tracers on the same chain, ours records what it records alone."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PEERS = {
    "langsmith": find_spec("langsmith"),
    "langfuse": find_spec("langfuse"),
    "openinference": find_spec("openinference") and find_spec("openinference.instrumentation.langchain"),
}
_SCRIPT = """
import asyncio, http.server, json, os, sys, threading
from pathlib import Path

path, peers = Path(sys.argv[1]), sys.argv[2:]

class Sink(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    do_GET = do_POST = do_PATCH = answer
    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
threading.Thread(target=server.serve_forever, daemon=True).start()
sink = f"http://127.0.0.1:{server.server_port}"
os.environ |= {"LANGFUSE_HOST": sink, "LANGFUSE_PUBLIC_KEY": "pk-lf-x", "LANGFUSE_SECRET_KEY": "sk-lf-x"}

from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePassthrough
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from weaklink.recorder import recorder_for
from weaklink.store import open_store
from weaklink_langchain import WeaklinkCallbackHandler

handlers, ends = [], []
if "langsmith" in peers:
    from langchain_core.tracers.langchain import LangChainTracer
    from langsmith import Client
    client = Client(api_url=sink, api_key="lsv2_x", info={})
    handlers.append(LangChainTracer(client=client, project_name="coexistence"))
    ends.append(client.flush)
if "langfuse" in peers:
    from langfuse import get_client
    from langfuse.langchain import CallbackHandler
    handlers.append(CallbackHandler())
    ends.append(get_client().flush)
if "openinference" in peers:
    from openinference.instrumentation.langchain import LangChainInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    LangChainInstrumentor().instrument(tracer_provider=TracerProvider())

store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
store.add_documents([Document(f"Passage {n} about pay.", id=str(n), metadata={"n": n}) for n in range(6)])
prompt = ChatPromptTemplate.from_template("{context}: {question}")
found = RunnableParallel(context=store.as_retriever() | RunnableLambda(lambda docs: docs[0].page_content, name="pack"),
                         question=RunnablePassthrough())

@tool
def add(a: int, b: int) -> int:
    "Adds."
    return a + b

def fails(value):
    raise ValueError("broken")

def rag():
    return found | prompt | GenericFakeChatModel(messages=iter(["It is 45 euros."])) | StrOutputParser()

config = {"callbacks": [*handlers, WeaklinkCallbackHandler(path, strict=True)], "tags": ["a"], "metadata": {"user": "u"}}
rag().invoke("What is the pay?", config)
"".join(rag().stream("What is the pay?", config))
asyncio.run(rag().ainvoke("What is the pay?", config))
RunnableLambda(lambda value: value + 1, name="plus").batch([1, 2, 3], config)
add.invoke({"a": 1, "b": 2}, config)
RunnableLambda(fails).with_fallbacks([RunnableLambda(lambda value: "fine")]).invoke("x", config)
try:
    (RunnableLambda(fails) | RunnableLambda(fails)).invoke("x", config)
except ValueError:
    pass
stream = rag().stream("What is the pay?", config)
next(stream)
stream.close()
del stream

recorder = recorder_for(path)
assert recorder.flush(60)
opened = open_store(path)
told = []
for trace in opened.traces(limit=100):
    names = {span.id: span.name for span in trace.spans}  # of two parallel steps either may be the first
    drop = {"id", "trace_id", "parent_id", "start_ns", "duration_ns", "model"}
    spans = []
    for span in trace.spans:
        found = {"parent": names.get(span.parent_id), **span.model_dump(mode="json", exclude=drop), "model": span.model and span.model.name}
        found["attributes"].get("query_embedding", {}).pop("duration_ns", None)
        if found["error"]:
            found["error"]["origin"] = names[found["error"]["origin"]]
        spans.append(found)
    told.append(sorted(spans, key=json.dumps))
for end in ends:
    end()
print(json.dumps(sorted(told, key=json.dumps)))
sys.stdout.flush()
os._exit(0)                                   # the others need not send all
"""


def spans_of(path: Path, *peers: str) -> list[list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(path), *peers], capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stderr
    assert "weaklink" not in done.stderr, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_spans_are_those_that_are_recorded_without_other_tracers(tmp_path: Path):
    peers = [name for name, found in PEERS.items() if found]
    alone, beside = [], None
    for attempt in range(3):  # how far the other thread of a stream got that its reader left is not the same each time
        alone, beside = spans_of(tmp_path / f"alone{attempt}.db"), spans_of(tmp_path / f"beside{attempt}.db", *peers)
        if beside == alone:
            break
    assert beside is not None
    spans = [span for trace in alone for span in trace]
    different = sum(trace not in alone for trace in beside) + abs(len(beside) - len(alone))
    print(f"R19: {len(spans)} spans of {len(alone)} traces beside {' and '.join(peers)}: {different} traces differ")
    assert beside == alone
    assert {span["status"] for span in spans} >= {"ok", "error", "recovered", "abandoned"}

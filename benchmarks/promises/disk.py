"""How much of the disk a step takes: python -m benchmarks.promises.disk [calls].

RAG calls of 8 steps with payloads of 4 kB: each question, prompt and answer new, four of 200 passages of 1 kB in each prompt.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import apsw
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore

import weaklink.demo
from benchmarks.overhead.work import rag
from weaklink.recorder import recorder_for
from weaklink_langchain import WeaklinkCallbackHandler

WORDS = " ".join(p.read_text() for p in sorted(Path(weaklink.demo.__file__).parent.glob("handbook/*.md"))).split()


def main(calls: int) -> None:
    """Records, closes, and prints what the file takes, table by table."""
    chance = random.Random(1)

    def words(characters: int) -> str:
        start = chance.randrange(len(WORDS) - 300)
        return " ".join(WORDS[start : start + 300])[:characters]

    passages = [Document(f"Passage {n}. {words(1_000)}", metadata={"source": f"{n}.md"}, id=str(n)) for n in range(200)]
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=64))
    store.add_documents(passages)
    rag.new_answer = lambda: words(800)
    pack = RunnableLambda(
        lambda found: {"context": "\n\n".join(d.page_content for d in found["docs"]), "question": found["question"]}
    )
    prompt = ChatPromptTemplate.from_messages([("system", "Answer from:\n{context}"), ("human", "{question}")])
    retrieve = RunnableParallel(docs=store.as_retriever(search_kwargs={"k": 4}), question=RunnablePassthrough())
    chain = retrieve | pack | prompt | rag.FakeChat() | StrOutputParser()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traces.db"
        handler = WeaklinkCallbackHandler(path)
        for number in range(calls):
            chain.invoke(f"Question {number}: {words(80)}", {"callbacks": [handler]})
        recorder_for(path).close(60)
        connection = apsw.Connection(str(path))
        spans = connection.execute("SELECT count(*) FROM spans").get
        print(f"{path.stat().st_size / spans:,.0f} bytes per step, {spans:,} steps of {calls:,} calls")
        tables = "SELECT name, sum(pgsize) FROM dbstat GROUP BY 1 ORDER BY 2 DESC LIMIT 8"
        for name, size in connection.execute(tables):
            print(f"  {name:30} {size / spans:8.1f}")
        connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)

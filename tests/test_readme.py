"""The README's Python code runs, in order, as it stands."""

import re
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore

import weaklink

README = Path(__file__).parents[1] / "README.md"
ANSWER = "There are 28 days of paid vacation per year."


def test_the_code_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=16))
    store.add_documents(
        [Document("Every employee has 28 days of paid vacation per year."), Document("Rooms are booked.")]
    )
    prompt = ChatPromptTemplate.from_template("Answer from {context}: {question}")
    chain = (
        {"context": store.as_retriever(search_kwargs={"k": 2}), "question": RunnablePassthrough()}
        | prompt
        | FakeListChatModel(responses=[ANSWER])
        | StrOutputParser()
    )
    names = {"chain": chain, "question": "How many days of vacation are there?", "vector_store": store}
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        exec(block, names)  # noqa: S102 - our own README
    printed = capsys.readouterr().out
    assert "28" in printed
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert names["diagnosis"].verdict == "ok"
    assert weaklink.diagnose(names["logged"]).failure == "contradicted"

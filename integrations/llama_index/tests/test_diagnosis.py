"""What is said of a query engine's answers: right ones and their broken twins, in every way to put an answer together."""

import pytest
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata

import weaklink

WARRANTIES = (
    "The Model X pump has a warranty of 24 months from the date of purchase.",
    "Return shipments are free of charge within 30 days when the original packaging is used.",
)
QUESTION = "How long is the warranty of the Model X pump?"


class Quiet(CustomLLM):
    """A model of one's own without LlamaIndex's callback decorators: nothing tells what it streams."""

    line: str

    @property
    def metadata(self):
        return LLMMetadata(model_name="quiet-1")

    def complete(self, prompt, formatted=False, **kwargs):
        return CompletionResponse(text=self.line)

    def stream_complete(self, prompt, formatted=False, **kwargs):
        return (CompletionResponse(text=self.line, delta=self.line) for _ in range(1))


def said_of(listening, llm, **kwargs):
    index = VectorStoreIndex.from_documents(
        [Document(text=text) for text in WARRANTIES], embed_model=MockEmbedding(embed_dim=8)
    )
    str(index.as_query_engine(llm=llm, similarity_top_k=2, **kwargs).query(QUESTION))
    diagnosis = weaklink.diagnose(listening.last_trace())
    return diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name, diagnosis.failure


@pytest.mark.parametrize("mode", ["compact", "refine", "tree_summarize"])
def test_a_right_answer_is_ok_however_it_is_put_together(lab, listening, mode):
    assert said_of(listening, lab.Say(script=["24 months."]), response_mode=mode) == ("ok", None, None)


@pytest.mark.parametrize("mode", ["compact", "refine", "tree_summarize"])
def test_a_wrong_answer_is_the_models_however_it_is_put_together(lab, listening, mode):
    wrong = lab.Say(script=["The warranty of the Model X pump is 36 months."])
    verdict, culprit, failure = said_of(listening, wrong, response_mode=mode)
    assert (verdict, culprit) == ("broken", "Say")
    assert failure in ("contradicted", "invented_value")


def test_the_answer_of_a_model_that_does_not_tell_what_it_streams_is_looked_at(listening):
    assert said_of(listening, Quiet(line="24 months."), streaming=True) == ("ok", None, None)
    wrong = Quiet(line="The warranty of the Model X pump is 36 months.")
    assert said_of(listening, wrong, streaming=True) == ("broken", "Quiet", "contradicted")

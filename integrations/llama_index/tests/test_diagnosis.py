"""What is said of a query engine's answers: right ones and their broken twins, in every way to put an answer together."""

import pytest
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.node_parser import SentenceSplitter
from pydantic import BaseModel

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


def say_what_stands_there(lab, line):
    """A model that answers where the passage holds the answer, and says so where it does not."""

    class Reader(lab.Say):
        def complete(self, prompt, formatted=False, **kwargs):
            return CompletionResponse(
                text=line if "24 months" in prompt else "This passage does not say how long it is."
            )

    return Reader(script=[])


def test_an_answer_that_is_accumulated_is_judged_part_by_part(lab, listening):
    right = say_what_stands_there(lab, "The warranty of the Model X pump is 24 months.")
    assert said_of(listening, right, response_mode="accumulate") == ("ok", None, None)
    wrong = say_what_stands_there(lab, "The warranty of the Model X pump is 36 months.")
    verdict, culprit, _ = said_of(listening, wrong, response_mode="accumulate")
    assert (verdict, culprit) == ("broken", "Reader")


class Warranty(BaseModel):
    """The warranty of a pump."""

    pump: str
    warranty: str


def test_an_object_that_a_model_fills_in_is_judged_by_its_fields(lab, listening):
    def filled(months):
        return lab.Say(script=[f'{{"pump": "Model X", "warranty": "{months} months"}}'])

    assert said_of(listening, filled(24), output_cls=Warranty) == ("ok", None, None)
    assert listening.last_trace().answer == "pump: Model X\nwarranty: 24 months"
    assert said_of(listening, filled(36), output_cls=Warranty) == ("broken", "Say", "contradicted")


def test_filling_an_index_is_ok_and_asks_nothing(listening):
    SentenceSplitter()([Document(text=WARRANTIES[0])])
    diagnosis = weaklink.diagnose(listening.last_trace())
    assert (diagnosis.verdict, diagnosis.question, diagnosis.summary) == (
        "ok",
        "",
        "Nothing was asked here, and nothing failed.",
    )

"""What the renderers are given."""

from weaklink.diagnosis import diagnose
from weaklink.model import Scores, Step, Suspect
from weaklink.report import render_text, report_of
from weaklink.report.passages import retrieval_tables
from weaklink.testing import blame, build, document, scored


def names(report, **options):
    return [("  " * len(row.guides)) + row.span.name for row in report.steps(**options)]


def test_plumbing_is_folded_and_its_children_hang_on_the_next_step_above():
    trace = build("chain > (Map:chain* > (Assign:chain* > retriever, embedding)), llm")
    assert names(report_of(trace)) == ["chain", "  retriever", "  embedding", "  llm"]
    assert names(report_of(trace), everything=True) == [
        "chain", "  Map", "    Assign", "      retriever", "      embedding", "  llm",
    ]  # fmt: skip


def test_plumbing_that_is_to_blame_is_shown():
    trace = build("chain > Map:chain* > inner:parser*!")
    assert names(report_of(trace)) == ["chain", "  inner"]
    assert names(report_of(trace, (), blame(trace, "broken", "Map", "raised"))) == ["chain", "  Map"]


def test_a_retriever_and_its_reranker_share_a_table():
    found = [document("aa", distance=0.1), document("bb", distance=0.2), document("cc", distance=0.3)]
    trace = build(
        "chain > retriever, reranker, llm", "q", "a",
        retriever={"input": "q", "documents": found},
        reranker={"candidates": found, "documents": [document("cc", score=0.9), document("aa", score=0.8)]},
        llm={"input": "cc and nothing else of note", "output": "a"},
    )  # fmt: skip
    scores = Scores(
        scored(trace, "retriever", "relevance", value, document=n) for n, value in enumerate((0.9, 0.5, 0.1))
    )
    (table,) = retrieval_tables(trace, scores)
    shown = [
        (row.document.content, row.rank, row.before, row.store_score, row.rerank_score, row.relevance)
        for row in table.rows
    ]
    assert shown == [("cc", 1, 3, 0.3, 0.9, 0.1), ("aa", 2, 1, 0.1, 0.8, 0.9), ("bb", None, 2, 0.2, None, 0.5)]
    assert [row.share for row in table.rows] == [1.0, 0.0, None]
    assert (table.found, table.kept, table.score_kind, table.higher_is_better) == (3, 2, "distance", False)


def test_two_retrievers_have_a_table_each():
    trace = build(
        "chain > one:retriever, two:retriever", "q",
        one={"documents": ["a"]}, two={"documents": [document("b", score=1.0), document("c", distance=2.0)]},
    )  # fmt: skip
    tables = retrieval_tables(trace, Scores())
    assert [[span.name for span in table.steps] for table in tables] == [["one"], ["two"]]
    assert [(table.score_kind, table.higher_is_better) for table in tables] == [("score", None), ("score", None)]


def test_without_a_diagnosis_the_strip_shows_the_roles():
    report = report_of(build("chain > retriever, prompt, llm", llm={"output": "x"}))
    assert [cell.role for cell in report.strip] == ["retrieve", "pack", "generate"]


def test_a_passage_that_supports_one_sentence_and_contradicts_another_supports():
    trace = build(
        "chain > retriever, llm", "q", retriever={"documents": ["Tea costs 2 euros."]},
        llm={"input": "Tea costs 2 euros.", "output": "Tea is 2. Tea is 3."},
    )  # fmt: skip
    scores = Scores(
        scored(trace, "llm", "groundedness", 0.5, sentence=text, label=label, support=("retriever", 0, "Tea costs 2"))
        for text, label in (("Tea is 3.", "contradicted"), ("Tea is 2.", "supported"))
    )
    assert [row.used for row in retrieval_tables(trace, scores)[0].rows] == ["supports"]
    assert [sentence.text for sentence in report_of(trace, scores).sentences()] == ["Tea is 2.", "Tea is 3."]


def test_a_template_that_was_filled_again_and_again_is_shown_once():
    again = {"attributes": {"template": "Refine {answer}"}}
    steps = {"ask": {"attributes": {"template": "Ask {question}"}}, "one": {"name": "refine", **again}}
    trace = build("chain > ask:prompt, one:prompt, two:prompt, llm", two={"name": "refine", **again}, **steps)
    assert report_of(trace).templates() == [("ask", "Ask {question}"), ("refine, filled 2 times", "Refine {answer}")]


def test_only_suspects_that_are_named_are_marked():
    trace = build("chain > retriever, llm", llm={"output": "x"})
    step = Step(span_id=trace.spans[1].id, name="retriever", kind="retriever", role="retrieve")

    def marks(probability, **options):
        suspect = Suspect(step=step, failure="missing_content", probability=probability, summary="not there")
        report = report_of(trace, (), blame(trace, suspects=(suspect,)))
        return [row.mark for row in report.steps(**options)]

    assert marks(0.02) == ["", "", ""]
    assert marks(0.02, everything=True) == marks(0.2) == ["", "?", ""]


def test_a_quotation_that_the_sentence_before_it_holds_is_not_shown_twice():
    text = "Context information is below.\n" + "Every employee has 28 days of paid vacation per year. " * 4
    trace = build("chain > llm!", llm={"input": text, "error": "no"})
    shown = render_text(report_of(trace, (), diagnose(trace)), width=400)
    assert "its input: “Context information is below." in shown
    assert shown.count("Context information is below.") == 1


def test_searches_that_one_step_ordered_stand_side_by_side_in_the_title():
    fields = {name: {"documents": [text]} for name, text in (("bm25", "a"), ("dense", "b"))}
    trace = build(
        "chain > bm25:retriever, dense:retriever, again:retriever, reranker", "q", **fields,
        again={"name": "dense", "documents": ["c"]}, reranker={"candidates": ["a", "b", "c"], "documents": ["a"]},
    )  # fmt: skip
    (table,) = retrieval_tables(trace, Scores())
    assert table.title(">") == "bm25 + dense (2 times) > reranker"

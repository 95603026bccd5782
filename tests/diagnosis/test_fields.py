"""Steps that put a text together from the fields that a model wrote: with its values, with others, with another field."""

import pytest

from weaklink.diagnosis import diagnose
from weaklink.testing import build

INVOICE = "Invoice 2026-0417: net 480.00, VAT 96.00, total due 576.00 euros, payable within 14 days."
WROTE = '{"net": 480.0, "vat": 96.0, "total_due": 576.0, "due_days": 14, "share": 0.2, "supplier": "Halden"}'
TOTAL = "What is the total amount due on the invoice?"


def suspects(said, question=TOTAL, wrote=WROTE):
    trace = build(
        "chain > retriever, llm, format_answer:chain", question, said,
        retriever={"input": question, "documents": [INVOICE]},
        llm={"input": f"{INVOICE}\n\n{question}", "output": wrote},
        format_answer={"input": wrote, "output": said},
    )  # fmt: skip
    return [(suspect.step.name, suspect.failure) for suspect in diagnose(trace).suspects]


WRONG = ("format_answer", "lost_in_parsing")


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Amount to pay: 480.00 EUR", TOTAL),  # the net
        ("Total due: 676.00 EUR", TOTAL),
        ("To be paid: 576.00 EUR, due days: 41", TOTAL),
        ("Net: 490", "What is the net?"),
        ("Halden", TOTAL),
    ],
)
def test_another_value_or_field_than_the_model_wrote_is_lost_in_parsing(said, question):
    assert WRONG in suspects(said, question)


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Amount to pay: 576.00 EUR", TOTAL),
        ("Total due: 576 EUR within 14 days, and 2 reminders are free.", TOTAL),
        ("Total due: 576 EUR. Net: 480 EUR. Share: 20 %", TOTAL),
        ("Total due: 57600 cents", TOTAL),
        ("Due in 2 weeks: 576.00", TOTAL),
        ("480.00", "What is the net?"),
        ("480.00", "What has to be paid before VAT?"),
        ("Halden", "Who sent the invoice?"),
        ("Thank you for your question.", TOTAL),
        (WROTE, TOTAL),
    ],
)
def test_the_models_own_values_are_not(said, question):
    assert WRONG not in suspects(said, question)


def test_a_field_whose_value_the_question_gives_is_not_the_one_asked_for():
    wrote = '{"order_number": "A-3017", "status": "shipped"}'
    assert WRONG not in suspects("It is shipped.", "Where is my order with the number A-3017?", wrote)


@pytest.mark.parametrize(
    ("said", "verdict"), [("Amount to pay: 480.00 EUR", "broken"), ("Amount to pay: 576.00 EUR", "ok")]
)
def test_the_step_is_blamed_and_not_the_model(said, verdict):
    invoice, wrote = "The net is 480 euros and the total due is 576 euros.", '{"net": 480, "total_due": 576}'
    trace = build(
        "chain > retriever, llm, format_answer:chain", TOTAL, said,
        retriever={"input": TOTAL, "documents": [invoice]},
        llm={"input": f"{invoice}\n\n{TOTAL}", "output": wrote},
        format_answer={"input": wrote, "output": said},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert (diagnosis.verdict, diagnosis.failure) == (verdict, "lost_in_parsing" if verdict == "broken" else None)
    assert verdict == "ok" or (diagnosis.culprit.name == "format_answer" and "total_due" in diagnosis.summary)

import warnings

from weaklink.scoring.text.tables import tables_in

MARKDOWN = "Our plans:\n\n| Plan | Price |\n|---|---|\n| Team | $29 |\n| Business | $79 |\n\nAll prices per month."


def _texts(passage: str) -> list[list[list[str]]]:
    return [[[cell.text for cell in row] for row in table] for table in tables_in(passage)]


def test_a_markdown_table_is_read_without_its_header():
    assert _texts(MARKDOWN) == [[["Team", "$29"], ["Business", "$79"]]]


def test_rows_of_a_query_and_objects_with_the_same_keys_are_tables():
    assert _texts("[('Anna', 52000), ('Tom', 41000)]") == [[["Anna", "52000"], ["Tom", "41000"]]]
    assert _texts('{"rows": [{"id": 1, "ok": true}, {"id": 2, "ok": null}]}') == [[["1", ""], ["2", ""]]]


def test_prose_with_commas_is_no_table():
    prose = (
        "First, we met. Then, after a long walk through the whole town, we ate.\nLater, it rained.\nAt last, we slept."
    )
    assert tables_in(prose) == []


def test_reviews_are_texts_and_no_table():
    assert tables_in('[{"stars": 5, "text": "' + "good " * 30 + '"}, {"stars": 1, "text": "bad"}]') == []


def test_reading_a_passage_warns_of_nothing():
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        tables_in(r"[('C:\data', 1), ('C:\exports', 2)]")
        tables_in("[" * 5_000)
    assert not warned

from weaklink.demo import load_handbook
from weaklink.demo.handbook import split_page


def test_the_handbook_has_many_passages_of_moderate_length():
    passages = load_handbook()
    lengths = [len(passage.text.split()) for passage in passages]
    print(f"{len(passages)} passages of {min(lengths)} to {max(lengths)} words")
    assert len(passages) >= 48
    assert min(lengths) >= 40
    assert max(lengths) <= 110
    assert len({passage.source for passage in passages}) >= 8


def test_ids_and_texts_are_unique():
    passages = load_handbook()
    assert len({passage.id for passage in passages}) == len(passages)
    assert len({passage.content for passage in passages}) == len(passages)


def test_a_page_is_split_at_its_second_level_headings():
    first, second = split_page(
        "time-off.md", "# Time off\nNot a passage.\n\n## Sick leave\nIll people\nstay home.\n\n## Rest\nDo.\n"
    )
    assert (first.id, first.title, first.source) == ("time-off/sick-leave", "Sick leave", "time-off.md")
    assert first.content == "Sick leave: Ill people stay home."
    assert second.id == "time-off/rest"

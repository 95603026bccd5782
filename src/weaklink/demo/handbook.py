"""The handbook of Tarnwick Instruments, a company that does not exist: what the demo's chain answers from."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Passage:
    """One section of the handbook: what the demo indexes, retrieves and puts into the prompt as one piece."""

    id: str
    """Names the passage for people and tests, such as "time-off/sick-leave"."""
    title: str
    source: str
    """The file that it comes from, such as "time-off.md"."""
    text: str
    """40 to 110 words, on one line, without the title."""

    @property
    def content(self) -> str:
        """What is indexed: the title, a colon and the text."""
        return f"{self.title}: {self.text}"


@cache
def load_handbook() -> tuple[Passage, ...]:
    """All passages, by file name and then in the order of the file."""
    folder = files("weaklink.demo") / "handbook"
    sources = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".md")), key=lambda entry: entry.name)
    return tuple(passage for source in sources for passage in split_page(source.name, source.read_text("utf-8")))


def split_page(source: str, text: str) -> list[Passage]:
    """Split one page at its second-level headings; what stands above the first of them is no passage."""
    topic = source.removesuffix(".md")
    passages: list[Passage] = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        passages.append(Passage(f"{topic}/{slug}", title.strip(), source, " ".join(body.split())))
    return passages

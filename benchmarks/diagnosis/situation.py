"""A question in its corpus, with what operators need to break things in a plausible way."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cached_property

from benchmarks.diagnosis.pieces import words_of
from benchmarks.diagnosis.pipeline import Asked
from benchmarks.diagnosis.questions import SHORTEST_EVIDENCE, Corpus, Question
from weaklink.scoring.question import frequencies, read_question
from weaklink.scoring.text.sentences import split_sentences

NUMBER = re.compile(r"(?<![\w.])\d[\d,.]*\d|(?<![\w.])\d(?!\w)")
NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
_NAMES = (
    "Hartwell", "Bremen", "Kingsley", "Oslo", "Delgado", "Vancouver", "Morrison", "Lisbon", "Petrova", "Nairobi", "Ashford",
    "Valencia",
)  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """One question, and a source of chance of its own."""

    question: Question
    corpus: Corpus
    foreign: Corpus
    """Another corpus, about other things."""
    closed_book: str
    """What a real model says to the question when it is shown nothing."""
    seed: int

    @cached_property
    def chance(self) -> random.Random:
        return random.Random(self.seed)

    @cached_property
    def gold(self) -> tuple[str, ...]:
        return tuple(self.corpus.passages[number] for number in self.question.gold)

    @cached_property
    def good(self) -> str:
        """A recorded good answer; the same one each time."""
        return random.Random(self.seed + 1).choice(self.question.answers) if self.question.answers else ""

    @cached_property
    def evidence(self) -> tuple[str, ...]:
        """The sentences that answer: as the source says, else those that share most words with the answers."""
        if self.question.evidence:
            return tuple(text for text in self.question.evidence if len(text) >= SHORTEST_EVIDENCE)
        said = set(frequencies(" ".join(self.question.answers) or self.question.text))
        sentences = [text[a:b] for text in self.gold for a, b in split_sentences(text) if b - a >= SHORTEST_EVIDENCE]
        shared = {text: len(said & frequencies(text).keys()) for text in sentences}
        most = max(shared.values(), default=0)
        return tuple(text for text in sentences if shared[text] >= 0.7 * most)

    @cached_property
    def asked(self) -> Asked:
        """The question alone, and as a follow-up in which "it" stands for its subject."""
        text = self.question.text
        subject = self.subject
        return Asked(
            text,
            (f"I have a question about {subject}.", "Of course. What would you like to know?"),
            re.sub(re.escape(subject), "it", text, count=1, flags=re.IGNORECASE),
        )

    @cached_property
    def subject(self) -> str:
        """The longest run of content words of the question."""
        weights = read_question(self.question.text).weights
        best: list[str] = []
        run: list[str] = []
        for word in [*words_of(self.question.text), ""]:
            if word and frequencies(word).keys() & weights.keys():
                run.append(word)
                continue
            best, run = max(best, run, key=len), []
        joined = r"\W+".join(map(re.escape, best))
        found = re.search(joined, self.question.text) if best else None
        return found[0] if found else self.question.text

    def sees(self, text: str) -> int:
        """How many sentences of the evidence stand in `text`."""
        flat = " ".join(text.split())
        return sum(" ".join(sentence.split()) in flat for sentence in self.evidence)

    def other_question(self) -> Question:
        """A question about something else in the same corpus."""
        return self.chance.choice([q for q in self.corpus.answerable if q.id != self.question.id])

    def other_passage(self) -> str:
        return self.chance.choice([text for text in self.corpus.passages if text not in self.gold])

    def without_gold(self) -> tuple[str, ...]:
        return tuple(text for text in self.corpus.passages if text not in self.gold)


def other_number(text: str, chance: random.Random) -> str | None:
    """One number of `text` made into another; None where it has none."""
    found = list(NUMBER.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    digits = [n for n, char in enumerate(match[0]) if char.isdigit()]
    place = digits[0] if len(digits) < 3 else digits[-2]
    new = str((int(match[0][place]) + chance.randint(2, 6)) % 9 + 1)
    if new == match[0][place]:
        new = "7" if new != "7" else "3"
    changed = match[0][:place] + new + match[0][place + 1 :]
    return text[: match.start()] + changed + text[match.end() :]


def other_name(text: str, chance: random.Random) -> str | None:
    """One name inside `text` made into another; None where it has none."""
    found = [match for match in NAME.finditer(text) if match[0].split()[0] not in ("The", "This", "However", "Passage")]
    if not found:
        return None
    name = chance.choice(found)[0]
    return text.replace(name, chance.choice(_NAMES))


def denied(text: str, chance: random.Random) -> str | None:
    """A sentence of `text` said the other way round; None where it has no verb to deny."""
    found = list(re.finditer(r"\b(is|are|was|were|can|will|has been|have been|should|must)\b(?! not)", text))
    if not found:
        return None
    match = found[0]
    return f"{text[: match.end()]} not{text[match.end() :]}"


def changed(text: str, chance: random.Random) -> str:
    """`text` with a number, a name or a negation changed, so that it says something else."""
    for change in (other_number, other_name, denied):
        if (new := change(text, chance)) is not None and new != text:
            return new
    return f"It is {chance.choice(_NAMES)}, since {chance.randint(1870, 2015)}."

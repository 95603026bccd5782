"""The answer's sentences and what carries them, the error of a chain that failed, the prompt's template."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from weaklink.report.clean import clean, one_line
from weaklink.report.figures import score_text
from weaklink.report.sentences import Sentence
from weaklink.report.text.look import LABEL_STYLES, Look
from weaklink.report.text.verdict import heading
from weaklink.report.view import Report

_MARKS = {"supported": "+", "unsupported": "-", "contradicted": "x", "abstention": "~", "not_a_claim": " "}
_MOST_PROMPT_LINES = 12
_MOST_FRAMES = 5
_MOST_SENTENCES = 24


def answer_block(report: Report, look: Look) -> RenderableType | None:
    """Each sentence of the model's text with its label, and the passage that supports or contradicts it."""
    sentences = report.sentences()
    if not sentences:
        return None
    claims = [sentence for sentence in sentences if sentence.label not in ("", "not_a_claim", "abstention")]
    carried = sum(sentence.label == "supported" for sentence in claims)
    note = f"{carried} of {len(claims)} {'claim' if len(claims) == 1 else 'claims'} supported by what the model saw"
    parts: list[RenderableType] = [heading("What the model wrote", note if claims else "")]
    shown = sentences if look.everything else _telling(sentences)
    for sentence in shown:
        parts += _sentence(sentence)
    if left := len(sentences) - len(shown):
        what = "sentence, --all shows it" if left == 1 else "sentences, --all shows them"
        parts.append(Text(f"  and {left} more {what}", "dim"))
    return Group(*parts)


def _telling(sentences: Sequence[Sentence]) -> list[Sentence]:
    """As many as can be read, in their order: those that something is wrong with first."""
    wrong_first = sorted(range(len(sentences)), key=lambda i: sentences[i].label not in ("contradicted", "unsupported"))
    return [sentences[i] for i in sorted(wrong_first[:_MOST_SENTENCES])]


def _sentence(sentence: Sentence) -> list[RenderableType]:
    style = LABEL_STYLES.get(sentence.label, "")
    line = Text(f"{_MARKS.get(sentence.label, ' ')} ", style)
    line.append(one_line(sentence.text), "dim" if sentence.label == "not_a_claim" else "")
    says = Text()
    if sentence.label not in ("", "not_a_claim"):
        says.append(sentence.label, style)
        says.append(f" {score_text(sentence.value)}", "dim")
        if sentence.detail:
            says.append(f": {', '.join(map(one_line, sentence.detail))}")
    parts: list[RenderableType] = [Padding(line, (0, 0, 0, 2))]
    if says:
        parts.append(Padding(says, (0, 0, 0, 4)))
    if sentence.passage and sentence.label not in ("", "not_a_claim", "abstention"):
        word = {"supported": "by", "contradicted": "against"}.get(sentence.label, "nearest")
        passage = Text(f"{word}: ", "dim")
        passage.append(f'"{one_line(sentence.passage)}"', "italic")
        passage.append(f" ({one_line(sentence.source)})", "dim")
        parts.append(Padding(passage, (0, 0, 0, 4)))
    return parts


def error_block(report: Report, look: Look) -> RenderableType | None:
    """The error of the step where it began: type, message, what caused it, where it was raised."""
    span = report.failed
    if span is None or span.error is None:
        return None
    error = span.error
    note = "made good" if span.status == "recovered" else ""
    first = Text(one_line(error.type), "bold red")
    first.append(f": {clean(error.message.strip())}" if error.message else "", "not bold")
    parts: list[RenderableType] = [heading(f"Error in {one_line(span.name)}", note), Padding(first, (0, 0, 0, 2))]
    parts += [Padding(Text(f"caused by {clean(cause)}", "dim"), (0, 0, 0, 2)) for cause in error.causes]
    frames = error.stack if look.everything else error.stack[-_MOST_FRAMES:]
    parts += [Padding(Text(f"at {one_line(frame)}", "dim"), (0, 0, 0, 2)) for frame in reversed(frames)]
    return Group(*parts)


def prompt_block(report: Report, look: Look) -> RenderableType | None:
    """The template of each prompt, where it is known."""
    parts: list[RenderableType] = []
    for name, template in report.templates():
        lines = clean(template).strip().splitlines()
        shown = lines if look.everything else lines[:_MOST_PROMPT_LINES]
        parts.append(heading("Prompt", f"template of {one_line(name)}"))
        parts.append(Padding(Text("\n".join(shown)), (0, 0, 0, 2)))
        if len(shown) < len(lines):
            parts.append(Text(f"  and {len(lines) - len(shown)} more lines, --all shows them", "dim"))
    return Group(*parts) if parts else None

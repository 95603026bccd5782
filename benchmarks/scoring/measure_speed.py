"""Processor time and memory of the scorers on answers of RAGTruth, on one core."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import data as development
import numpy as np
from tables import table

from weaklink.scoring.groundedness import assess
from weaklink.scoring.index import index_of
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.units import units_of
from weaklink_models.groundedness import assess as assess_twice

ANSWERS = 60
IMPORTS = 9


def run(folder: Path) -> None:
    lines = []
    for task in ("qa", "summary", "data2txt"):
        answers = [answer for answer in development.ragtruth(folder) if answer.task == task][:: 530 // ANSWERS][
            :ANSWERS
        ]
        words = np.mean([len(answer.context.split()) for answer in answers])
        sentences = np.mean([len(split_sentences(answer.text)) for answer in answers])
        cells = [
            timed(answers, judge, cold=cold) for judge, cold in ((assess, True), (assess, False), (assess_twice, False))
        ]
        lines.append([f"{task} (n={len(answers)}, {sentences:.1f} sentences, {words:.0f} words)", *cells])
    table(
        "processor time per answer, ms: median (90th percentile)",
        ["answers", "default, new context", "default, context seen before", "with cross-encoder"],
        lines,
        f"import of weaklink.scoring {imported('weaklink.scoring')}, of pydantic alone {imported('pydantic.main')} (the least of "
        f"{IMPORTS} processes); memory after one answer with the cross-encoder {memory()}",
    )


def timed(answers: list[development.Answer], judge: Callable[..., object], *, cold: bool) -> str:
    judge(answers[0].text, [answers[0].context], answers[0].question)
    taken = []
    for answer in answers:
        if cold:
            index_of.cache_clear()
            units_of.cache_clear()
        else:
            index_of((answer.context,))
        start = time.process_time()
        judge(answer.text, [answer.context], answer.question)
        taken.append(1000 * (time.process_time() - start))
    return f"{np.median(taken):.1f} ({np.quantile(taken, 0.9):.1f})"


def imported(module: str) -> str:
    """Processor time of an import, the least of some processes of its own."""
    code = f"import time; start = time.process_time(); import {module}; print(1000 * (time.process_time() - start))"
    taken = [float(subprocess.check_output([sys.executable, "-c", code], text=True)) for _ in range(IMPORTS)]
    return f"{min(taken):.0f} ms"


def memory() -> str:
    """The most memory that a process held which scored one answer with the cross-encoder."""
    # Not ru_maxrss: a child starts with that of its parent.
    code = (
        "from pathlib import Path; from weaklink_models import assess;"
        "assess('You get 30 days. It is paid.', ['You get 25 days.'], 'How many?');"
        "print(next(int(line.split()[1]) // 1024 for line in Path('/proc/self/status').open() if line.startswith('VmHWM')))"
    )
    return f"{subprocess.check_output([sys.executable, '-c', code], text=True).strip()} MB"

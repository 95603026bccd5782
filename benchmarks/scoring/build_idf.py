"""Writes the background table of word rarity from the Apache-2.0 passages: python benchmarks/scoring/build_idf.py
--data DIR"""

import argparse
import json
import math
from collections import Counter, defaultdict
from pathlib import Path

import data as development

from weaklink.scoring.text import sentences, tokens

TARGET = Path(__file__).resolve().parents[2] / "src/weaklink/scoring/text/background_idf.json"
AT_LEAST = 4
STEPS = 0.02


def count(folder: Path) -> tuple[Counter[str], int]:
    """In how many sentences each stem stands, and how many sentences there are.

    Each passage counts once.
    """
    frequency: Counter[str] = Counter()
    total = 0
    for text in dict.fromkeys(development.apache_texts(folder)):
        for start, end in sentences.split_sentences(text):
            total += 1
            found = {
                token.value for token in tokens.tokenise(text[start:end]) if token.content and token.kind == "word"
            }
            frequency.update(word for word in found if word.isalpha() and len(word) <= 20)
    return frequency, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    frequency, total = count(parser.parse_args().data)
    top = math.log(1 + total)
    by_weight: dict[str, list[str]] = defaultdict(list)
    for word, times in frequency.items():
        if times >= AT_LEAST:
            weight = math.log(1 + total / (1 + times)) / top
            by_weight[f"{round(weight / STEPS) * STEPS:.2f}"].append(word)
    table = {
        "what": "Inverse document frequency of English word stems, log(1 + n / (1 + df)) / log(1 + n), rounded to .02",
        "from": "passages of ClapNQ (Apache-2.0, IBM) and MTRAG-UN (Apache-2.0, IBM); each sentence is one document",
        "sentences": total,
        "kept": f"stems that stand in at least {AT_LEAST} sentences",
        "script": "benchmarks/scoring/build_idf.py",
        "unseen": 0.95,
        "weights": {weight: " ".join(sorted(words)) for weight, words in sorted(by_weight.items())},
    }
    TARGET.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{TARGET}: {sum(map(len, by_weight.values()))} stems from {total} sentences, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()

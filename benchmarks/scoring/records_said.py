"""True and false sentences about JSON records, from templates: attributes, opening hours, ratings."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import data as development

from weaklink.scoring.index import index_of

YES = ("It offers {}.", "Customers can enjoy {}.", "{} is available.", "The place has {}.")
NO = ("It does not offer {}.", "There is no {}.", "{} is not available.")
FALSE = (False, "no", "none", "None", "False")
STARS = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)


def record_claims(folder: Path, rng: random.Random) -> Iterator[dict[str, Any]]:
    from pairs import fold_of, row_of

    contexts = sorted({answer.context for answer in development.ragtruth(folder) if answer.task == "data2txt"})
    for context in contexts:
        try:
            record = json.loads(context)
        except ValueError:
            continue
        said = [*_attributes(record, rng), *_hours(record, rng), *_stars(record, rng)]
        index, fold = index_of((context,)), fold_of(context)
        for text, wrong in said:
            start = text.find(wrong) if wrong else -1
            yield row_of("record", "data2txt", text, index, fold, [(start, start + len(wrong))] if start >= 0 else [])


def _attributes(record: dict[str, Any], rng: random.Random) -> Iterator[tuple[str, str]]:
    found = list(_leaves(record.get("attributes") or {}))
    for words, value in rng.sample(found, min(5, len(found))):
        if not (value is True or value is None or value in FALSE):
            continue
        says_yes = rng.random() < 0.55
        template = rng.choice(YES if says_yes else NO)
        text = template.format(words)
        text = text[0].upper() + text[1:]
        # What the record leaves open is unsupported either way.
        right = value is not None and (value is True) == says_yes
        yield (
            text,
            ""
            if right
            else next(part for part in (words, words.capitalize(), words[0].upper() + words[1:]) if part in text),
        )


def _leaves(value: dict[str, Any], parent: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        words = "".join(f" {char.lower()}" if char.isupper() else char for char in key.replace("_", " ")).strip()
        words = " ".join(words.replace("restaurants", "").replace("good for", "").split())
        if isinstance(item, dict):
            yield from _leaves(item, words.replace("business", "").strip())
        elif words:
            yield f"{words} {parent}".strip(), item


def _hours(record: dict[str, Any], rng: random.Random) -> Iterator[tuple[str, str]]:
    hours = {day: value for day, value in (record.get("hours") or {}).items() if "-" in str(value)}
    if not hours:
        return
    day, value = rng.choice(sorted(hours.items()))
    opens, closes = value.split("-")
    yield f"On {day} it is open from {_clock(opens)} to {_clock(closes)}.", ""
    hour, minute = map(int, closes.split(":"))
    wrong = _clock(f"{(hour + rng.choice((-2, -1, 1, 2, 3))) % 24}:{minute}")
    if wrong != _clock(opens):
        yield f"On {day} it is open from {_clock(opens)} to {wrong}.", wrong
    if len(hours) == 7 and len(set(hours.values())) == 1:
        yield f"It is open every day from {_clock(opens)} to {_clock(closes)}.", ""
    elif len(hours) < 7:
        yield "It is open seven days a week.", "seven days a week"


def _clock(time: str) -> str:
    hour, minute = map(int, time.split(":"))
    return f"{(hour % 24 - 1) % 12 + 1}{'' if minute == 0 else f':{minute:02d}'} {'AM' if hour % 24 < 12 else 'PM'}"


def _stars(record: dict[str, Any], rng: random.Random) -> Iterator[tuple[str, str]]:
    stars = record.get("business_stars")
    if stars:
        yield f"It is rated {stars} out of 5 stars.", ""
        wrong = rng.choice([other for other in STARS if other != stars])
        yield f"It has a rating of {wrong} stars.", str(wrong)

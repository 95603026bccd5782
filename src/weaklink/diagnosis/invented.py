"""Rules on values that a model made up on the way: where was an unsupported value born?"""

import re
from collections.abc import Iterator

from pydantic import JsonValue

from weaklink.diagnosis.agent import arguments_of, failure_text, planner_of
from weaklink.diagnosis.dates import dates_in, days_in, is_another_day, is_said
from weaklink.diagnosis.finding import Finding, excerpt, listed, place_of, quote, trouble
from weaklink.diagnosis.limits import Limits
from weaklink.diagnosis.provenance import Lineage
from weaklink.diagnosis.sites import Sites
from weaklink.diagnosis.spellings import folded, is_code, is_said_otherwise
from weaklink.diagnosis.subject import labels, measures
from weaklink.diagnosis.values import contents_of, values_in
from weaklink.model import Evidence, Scores, Span, Trace, main_text, text_of
from weaklink.model.origin import Origin
from weaklink.scoring.text.tokens import tokenise

_OPTIONS = (
    "limit",
    "k",
    "top_k",
    "n",
    "count",
    "size",
    "page",
    "page_size",
    "offset",
    "max_results",
    "temperature",
    "timeout",
)
"""Arguments that a model chooses freely: they say how to look, not what for."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_CALCULATION = re.compile(r"(?=.*[-+*/^])[\d\s.,()*/+^%-]+")
_FACTORS = frozenset(
    ("12", "24", "28", "30", "31", "32", "52", "60", "90", "100", "180", "260", "360", "365", "366", "1000", "1024", "3600",
     "86400", "1000000", "1.8", "2.54", "0.01", "0.001", "273.15", "1.609", "1.6093", "1.609344", "0.621371", "0.3048", "3.281",
     "0.4536", "0.453592", "2.205", "2.2046", "3.785", "4.546", "28.35", "3.6")
)  # fmt: skip
"""Numbers of the calendar, of the clock, of hundreds and thousands, and between units of measure."""
_SMALL = 10.0
_LATEST = 64
"""How many tool results, the latest, are read for an id that another stands for: a long run of an agent has thousands."""
_WORDS_OF_A_SEARCH = 4
_LONGEST = 200
"""Characters up to which an argument is a value and not a text that the model wrote."""


def invented_argument(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A tool was called with a value that nothing before it contained."""
    lineage = trace.once(Lineage)
    for span in trace.of_kind("tool"):
        without_options = span.model_copy(update={"input": _without_options(span.input)})
        brought = not span.failed and not failure_text(span)
        made_up = [
            origin
            for origin in lineage.origins(without_options, "input")
            if (_is_made_up(origin) and not _is_factor(span, origin))
            or (not brought and origin.kind == "name" and not origin.is_supported and not is_code(origin.text))
        ]
        made_up = [
            origin
            for origin in made_up
            if not _was_said_otherwise(trace, span, origin) and not _is_word_of_search(span, origin)
        ]
        if not made_up:
            yield from _other_day(trace, span, limits) or _foreign_words(trace, span, scores, limits)
            continue
        other = any(_is_another_number(trace, span, origin) for origin in made_up) or bool(_days_instead(trace, span))
        names_something = other or any(origin.kind == "id" for origin in made_up)
        strength = limits.invented_id if names_something else limits.invented_argument
        others = [evidence for origin in made_up if (evidence := _stands_for_another(trace, span, origin))]
        if not other and not others:
            # A model may know an address or a code by itself: where the call brought what the answer rests on, it was right.
            strength *= trouble(trace, scores, limits)
        names = listed([origin.text for origin in made_up])
        says = f"{span.name} was called with {names}, which stands in nothing that the model was given before"
        evidence = [
            Evidence(says=f"made up: {origin.kind} {origin.text}", at=origin.at) for origin in made_up[:3]
        ] + others[:1]
        advice = (
            "tell the model to ask for what it does not know, and check arguments against what was looked up before"
        )
        yield Finding(made_up[0].born.span_id, strength, says, evidence, advice)


def invented_value(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A model call on the way to the answer stated a value that nothing before it contained, and the answer repeats it."""
    generator = trace.dataflow.generator
    if generator is None:
        return
    answer = contents_of(trace.dataflow.generator_text)
    found = contents_of("\n".join(passage.text for passage in trace.dataflow.context if passage.document is not None))
    lineage = trace.once(Lineage)
    for span in trace.leaf_llms:
        if span.start_ns >= generator.start_ns or span.id == generator.id:
            break
        # What a passage says as well is no invention, also where a query said it first.
        said = values_in(main_text(span.output))
        repeated = {value.text for value in said if answer.has(value) and not found.has(value)}
        if not repeated:
            continue
        born = [
            origin
            for origin in lineage.origins(span, "output")
            if origin.text in repeated and origin.born.span_id == span.id and _is_made_up(origin)
        ]
        if born:
            says = f"{span.name} stated {listed([origin.text for origin in born])}, which nothing before it says, and the answer repeats it"
            evidence = [
                Evidence(says=f"first stated here: {origin.kind} {origin.text}", at=origin.at) for origin in born[:3]
            ]
            advice = "let this step quote what it was given, or check its output before the next step builds on it"
            yield Finding(span.id, limits.invented_value, says, evidence, advice)


def _other_day(trace: Trace, span: Span, limits: Limits) -> list[Finding]:
    """An argument that is another day than the one the user named, though each of its numbers was said."""
    days = _days_instead(trace, span)
    if not days:
        return []
    planner = planner_of(trace, span)
    says = f"{span.name} was called with {listed(days)}, and the question names another day"
    evidence = [
        Evidence(says=f"asked: “{quote(trace.question, 80)}”", at=place_of(trace.root, "input")),
        Evidence(says=f"called with {days[0]}", at=excerpt(span, "input", days[0])),
    ]
    advice = "let the model repeat the date it looked for in its answer, and check it against the question"
    return [Finding(planner.id, limits.invented_id, says, evidence, advice)]


def _days_instead(trace: Trace, span: Span) -> list[str]:
    """The days among the arguments that stand in the place of the only one that the question names."""
    given = "\n".join(text for tool in trace.of_kind("tool") for _, text in arguments_of(tool))
    found = [text for _, text in arguments_of(span) if len(text) <= _LONGEST and days_in(text)]
    found = [text for text in found if is_another_day(text, trace.question, given)]
    if not found:
        return []
    said = trace.once(Sites).said_before(planner_of(trace, span))
    return [text for text in found if not any(is_said(one, said, trace.question) for one in dates_in(text))]


def _foreign_words(trace: Trace, span: Span, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """An argument in words of which the model was shown none: it asks for something else than the user did."""
    planner = planner_of(trace, span)
    if planner.kind != "llm":
        return
    for name, text in arguments_of(span):
        words = [token for token in tokenise(text) if token.content and token.kind == "word"]
        if len(text) > _LONGEST or len(words) < 2 or name.lower() in _OPTIONS:
            continue
        if trace.once(Sites).was_said((word.value for word in words), planner):
            continue
        says = f"{planner.name} called {span.name} with {name} “{quote(text, 60)}”, and nothing it was shown has a word of that"
        evidence = [Evidence(says=f"made up: “{quote(text)}”", at=excerpt(span, "input", text))]
        advice = "tell the model to take names from the question or from a tool, and to ask where they are missing"
        yield Finding(planner.id, limits.invented_id * trouble(trace, scores, limits), says, evidence, advice)
        return


def _was_said_otherwise(trace: Trace, span: Span, origin: Origin) -> bool:
    """What the user said, or a step found before the value was written, has it in another spelling."""
    said = trace.once(Sites).said_before(trace.get(origin.born.span_id))
    asked = f"{trace.dataflow.asked}\n{trace.question}"
    if origin.kind == "name":
        return folded(origin.text) in folded(said)
    arguments = [text for _, text in arguments_of(span) if origin.text in text] or [origin.text]
    return any(is_said_otherwise(origin.text, argument, said, asked) for argument in arguments)


def _is_word_of_search(span: Span, origin: Origin) -> bool:
    """One of several words that were searched, and what was found has it: the "CO2" of "emissions 2025 tonnes CO2" names no record."""
    searched = [
        text for _, text in arguments_of(span) if origin.text in text and len(text.split()) >= _WORDS_OF_A_SEARCH
    ]
    found = [main_text(span.output), *(document.content for document in span.documents)]
    is_echo = any(text in whole for text in searched for whole in found)
    return bool(searched) and not is_echo and any(origin.text.lower() in text.lower() for text in found)


def _is_factor(span: Span, origin: Origin) -> bool:
    """Part of a calculation that everybody writes so, whatever it is about: "* 9 / 5 + 32", "/ 365", "* 100"."""
    is_calculation = any(
        _CALCULATION.fullmatch(text) and origin.text in text and not text.strip().isdecimal()
        for _, text in arguments_of(span)
    )
    return is_calculation and origin.kind == "number" and origin.text.replace(",", "") in _FACTORS


def _stands_for_another(trace: Trace, span: Span, origin: Origin) -> Evidence | None:
    """The question, or a tool before, names another of the same form: "A-1002", and the tool was asked for "A-7002"."""
    before = [tool for tool in trace.of_kind("tool") if tool.start_ns < span.start_ns]
    texts = [
        (trace.root, "input", trace.question),
        *((tool, "output", text_of(tool.output)) for tool in reversed(before[-_LATEST:])),
    ]
    for source, field, text in texts:
        for value in values_in(text):
            if (
                value.kind == origin.kind == "id"
                and _form(value.text) == _form(origin.text)
                and value.text != origin.text
            ):
                who = "the question" if source is trace.root else source.name
                return Evidence(says=f"{who} has {value.text}", at=excerpt(source, field, value.text))
    return None


def _is_another_number(trace: Trace, span: Span, origin: Origin) -> bool:
    """The question says "room 12" or "45 minutes", and the argument that is called so is another in each call: room=13, minutes=90."""
    called = [name for name, text in arguments_of(span) if text == origin.text]
    words = {token.value for name in called for token in tokenise(name.replace("_", " "))}
    is_year = _YEAR.fullmatch(origin.text) is not None  # "the last 3 years", and year=2024
    named = labels(trace.question) if is_year else {**measures(trace.question), **labels(trace.question)}
    if not words & named.keys():
        return False
    calls = [tool for tool in trace.of_kind("tool") if tool.name == span.name]
    given = {text.lower() for call in calls for _, text in arguments_of(call)}
    return any(not given & named[word].keys() for word in words & named.keys())


def _form(text: str) -> str:
    if "@" in text:
        return "@"  # a mail address may have any length
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", text))


def _is_made_up(origin: Origin) -> bool:
    """No source has it, and it is no small count that anybody might write."""
    if origin.is_supported or origin.kind not in ("id", "number", "date", "time"):
        return False
    if origin.kind == "id" and not any(char.isdigit() or char in "/@" for char in origin.text):
        return False  # "order_items" names a table, a column or a function: the program's word, not the user's
    is_small = origin.kind == "number" and origin.text.strip().isdecimal() and float(origin.text) <= _SMALL
    return not is_small


def _without_options(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _without_options(item) for key, item in value.items() if key.lower() not in _OPTIONS}
    return [_without_options(item) for item in value] if isinstance(value, list) else value

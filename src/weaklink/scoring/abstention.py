"""Does an answer say that it cannot answer?

Three things make a sentence an abstention, in any order of words that a language allows: who cannot tell (the sources, or
the speaker), a negation, and what cannot be done (to mention, to know) or is not there (information). Each has its words
in English, German, French and Spanish; a few fixed forms ("N/A") stand beside them.
"""

import functools
import re
from collections.abc import Iterator

from weaklink.scoring.text.sentences import split_sentences

_MAX_ABSTENTION = 400


def is_abstention(answer: str) -> bool:
    """The answer says that it cannot answer, such as "I don't know" or "The documents do not mention it".

    True where the first sentence says so, or where most sentences do: an answer that adds a caveat at its end still
    answers.
    """
    places = split_sentences(answer)[:12]
    if not places:
        return False
    said = [abstains(answer[start:end]) for start, end in places]
    return (said[0] and (len(said) == 1 or sum(said) * 2 >= len(said) or len(answer) <= _MAX_ABSTENTION)) or all(said)


@functools.lru_cache(maxsize=512)
def abstains(sentence: str) -> bool:
    """One sentence says that the answer is not known or not given."""
    text = sentence[:_MAX_ABSTENTION].replace("’", "'")
    if _FORMS.search(text):
        return True
    if not _NEGATED.search(text):
        return False
    words = _WORD.findall(_CONTRACTED.sub(r"\1 not", text.lower()))
    kinds = [_kinds(word) for word in words]
    return any(_speaks(kinds, words, place) for place in _places(kinds, "not"))


def _alternatives(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(words.split())})$")


_SOURCE = r"(?:context|documents?|passages?|texts?|information|sources?|excerpts?|articles?|handbook|material)"
_DENIED = r"(?:do not|don't|did not|didn't|can't|cannot|can not|could not|couldn't|(?:am|are|was|were) (?:not able|unable) to)"
_TOLD = r"(?:mentioned|stated|specified|known|said|described)\b"
_GIVEN = r"(?:provided|given|found|covered|included|available)\b"
"""Of anything but information this is a claim: "parking is not available"."""
_FORMS = re.compile(
    rf"\b(?:i|we) {_DENIED} (?:actually |really |currently )?"
    r"(?:know|find|determine|say|tell|locate|verify|answer)\b"
    rf"|\bi {_DENIED} (?:actually |really |currently )?"
    r"(?:have|provide|see|retrieve|look up|access|get|reach|calculate)\b"
    r"|\bi(?:'m| am) (?:sorry(?! to hear\b| for (?:the|your|any)\b)|afraid|unable|not (?:sure|able|certain|aware))\b"
    r"|\bi(?: would|'d) need (?:more|further|additional)\b"
    r"|\b(?:unable|impossible|not possible) to (?:answer|find|determine|provide|say|tell|know)\b"
    r"|\b(?:cannot|can't|could not|couldn't) be (?:answered|determined|found)\b"
    r"|(?:^|[,;] |\b(?:and|but|so) )(?:cannot|can't|could not|couldn't) (?:answer|find|determine)\b"
    rf"|\b(?:unclear|not clear|uncertain) (?:from|in|based on)\b.{{0,20}}\b{_SOURCE}"
    rf"|\b{_SOURCE}\b.{{0,40}}\b(?:does not|do not|doesn't|don't|did not|didn't) (?:\w+ )?"
    r"(?:say|mention|contain|specify|provide|state|answer|address|tell|discuss)"
    r"|\b(?:no|not enough|insufficient) (?:relevant |such |specific |further )?"
    r"(?:information|answer|mention|details?)\b"
    r".{0,40}\b(?:available|provided|given|found|in the|about|on|to)\b"
    rf"|\b(?:is|are|was|were|it's|that's) (?:not|n't|nowhere) (?:explicitly |specifically )?(?:{_TOLD}|{_GIVEN})"
    rf" (?:in|by|from) (?:the|this|these|any|my|your) (?:\w+ )?{_SOURCE}"
    rf"|\b(?:is|are|was|were|it's|that's) (?:not|n't|nowhere) (?:explicitly |specifically )?{_TOLD}\W*$"
    rf"|\b(?:information|details?|answer|data)\b.{{0,80}}\b(?:is|are|was|were) not (?:explicitly )?{_GIVEN}\W*$"
    r"|^\W*(?:unknown|unanswerable|no answer|not (?:mentioned|stated|specified|available|known|found|provided)|n/a"
    r"|no idea|insufficient (?:information|context)"
    r"|no (?:\w+ )?(?:data|results?|documents?|matches|records|hits)(?: (?:was|were|is|are))?(?: found| available| returned)?)\W*$"
    r"|\bthere is (?:no|not enough|not any) (?:\w+ )?(?:information|mention|answer|reference)\b"
    r"|\b(?:ich weiß|weiß ich)(?: (?:es|das|ich|leider|das leider))* nicht\b|\bje ne (?:le )?sais pas\b|\bno (?:lo )?sé\b|\bnon lo so\b"
    rf"|\bthere is no (?:\w+ )?evidence (?:in|from) (?:the|this|these|any|my|your) (?:\w+ )?{_SOURCE}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|[;.!?:]")
_NEGATED = re.compile(
    r"\b(?:n[aeio]|kein|sin|rien|aucun|pas|without|unable|lack|missing|impossible|absent|fehl|manque|tamp|silent|insuff|cannot)|n't",
    re.IGNORECASE,
)
"""What every word of "not" starts with: most sentences hold none of it."""
_CONTRACTED = re.compile(r"\b([a-z]+)n't\b")
_KINDS = {
    "not": _alternatives(
        "not cannot no none nothing nowhere neither nor never without unable lacks? lacking nicht nichts kein(?:e[rnms]?)? ne n'\\w+ pas"
        " aucune? rien ningun[ao]? ningún nada tampoco silent insufficient missing impossible absent fehlt fehlen manque"
    ),
    "source": _alternatives(
        "contexts? documents? docs passages? texts? sources? excerpts? articles? handbook materials? snippets? documentation"
        " dokument(?:e[ns]?)? text(?:e[ns]?)? unterlagen kontext quellen? handbuch dokumentation textes? contexte documento[s]?"
        " textos? contexto fuentes? documentación manuel knowledge"
    ),
    "tell": _alternatives(
        "says? said mention(?:s|ed)? contain(?:s|ed)? specif(?:y|ies|ied) provide[sd]? states? stated answer(?:s|ed)? address(?:es|ed)?"
        " tells? told discuss(?:es|ed)? cover(?:s|ed)? describe[sd]? indicate[sd]? reveal(?:s|ed)? given disclose[sd]? explain(?:s|ed)?"
        " elaborates? found available present clarif(?:y|ies|ied) enough"
        " erwähn(?:t|en) steht stehen enth(?:ält|alten) nenn(?:t|en) genannt angegeben beantwort\\w+ hervor"
        " (?:mentionn|indiqu|précis)\\w+ contien\\w* (?:dit|disent) fourni\\w* répond\\w* trouv\\w*"
        " (?:mencion|indic|especific)\\w+ dicen? proporcion\\w+ encuentr\\w+"
    ),
    "information": _alternatives(
        "information mention details? answer"
        " informationen? angaben? hinweise? antwort informations? renseignements? réponse mention información datos respuesta"
    ),
    "in": _alternatives("in within by from on based im aus dans en nel de del given"),
    "speaker": _alternatives("i ich je nous tengo puedo encuentro dispongo sé wir we"),
    "know": _alternatives(
        "know find answer determine see tell say locate verify retrieve aware sure certain able help confirm infer"
        " weiß beantworten finden sagen sais trouve trouver répondre dire sé encontrar encuentro responder decir"
    ),
    "have": _alternatives("have has had got habe haben liegen ai avons tengo dispongo"),
}
"""Kind to its words. The words of one kind stand beside each other in all languages: a sentence rarely mixes them."""
_ALONE = frozenset({"context", "documents", "sources", "kontext", "contexte", "contexto"})
"""Sources without "the": "not in context"; "not available in text messages" speaks of no source."""
_ABSENT = frozenset({"missing", "absent", "fehlt", "fehlen", "manque"})
_FAR = 6
_NEAR = 3


def _kinds(word: str) -> frozenset[str]:
    return frozenset(kind for kind, pattern in _KINDS.items() if pattern.match(word))


def _places(kinds: list[frozenset[str]], kind: str) -> Iterator[int]:
    return (place for place, found in enumerate(kinds) if kind in found)


def _speaks(kinds: list[frozenset[str]], words: list[str], place: int) -> bool:
    """The negation at `place` denies that the sources or the speaker can tell."""

    def first(kind: str, start: int, most: int) -> int | None:
        window = range(max(start, 0), min(start + most, len(kinds)))
        return next((at for at in window if kind in kinds[at]), None)

    before = first("source", place - _FAR, _FAR)
    told = first("tell", place + 1, _NEAR)
    informed = first("information", place + 1, _NEAR)
    # "the documents do not mention it", "les documents ne le mentionnent pas", "the sources make no mention of it"
    if before is not None and (told is not None or informed is not None or words[place] == "silent"):
        return not any(word in ";.!?:" for word in words[before:place])
    # "that is missing from the documents"
    if words[place] in _ABSENT and (at := first("in", place + 1, 2)) is not None:
        return first("source", at + 1, 3) is not None
    # "none of the documents say", "no passage mentions"
    after = first("source", place + 1, _NEAR)
    if after is not None and first("tell", after + 1, 2) is not None:
        return True
    # "not in the context", "nothing in these documents", "not covered by the material", "no information in the text"
    at = first("in", place + 1, 1)
    for link in (told, informed):
        at = at if at is not None or link is None else first("in", link + 1, 4)
    held = None if at is None else first("source", at + 1, 4)
    if at is not None and held is not None and (held > at + 1 or words[held] in _ALONE):
        return True
    # "ich habe keine Informationen", "no tengo información", "we have no information"
    speaker = first("speaker", place - 4, 6)
    return speaker is not None and informed is not None and first("have", place - 4, 7) is not None

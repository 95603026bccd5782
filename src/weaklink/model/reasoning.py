"""Answers of models that write down their steps: "Thought: ... Action: search", and at the end "Answer: ..."."""

import re

_ACTION = re.compile(r"^[ \t]*Action[ \t]*:[ \t]*\S.*\n[ \t]*Action Input[ \t]*:", re.MULTILINE)
_THOUGHT = re.compile(r"^\s*Thought[ \t]*:")
_ANSWER = re.compile(r"^[ \t]*(?:Final )?Answer[ \t]*:[ \t]*", re.MULTILINE)


def calls_a_tool(text: str) -> bool:
    """Whether the model wrote that a tool is to be called, in words and not as a tool call of its provider."""
    return _ACTION.search(text) is not None


def said(text: str) -> str:
    """The answer without the thoughts before it; a text that is not written so stays as it is."""
    if not _THOUGHT.match(text):
        return text
    *_, last = [None, *_ANSWER.finditer(text)]
    return text if last is None else text[last.end() :].strip()

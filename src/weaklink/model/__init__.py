"""What Weaklink is about: plain, frozen data. Imports nothing else of Weaklink."""

from weaklink.model.dataflow import ContextPassage, Dataflow
from weaklink.model.diagnosis import VERDICTS, Diagnosis, Evidence, StripCell, Suspect, Verdict
from weaklink.model.document import Document, content_hash
from weaklink.model.funnel import Funnel, FunnelCell, FunnelRow
from weaklink.model.origin import Origin
from weaklink.model.roles import ROLES, Role
from weaklink.model.score import Score, Scores, TextRange
from weaklink.model.span import KINDS, STATUSES, ModelCall, Span, SpanError, SpanKind, SpanStatus, Usage
from weaklink.model.step import Step
from weaklink.model.trace import Trace
from weaklink.model.value import TYPE_KEY, main_text, messages_in, strings_in, text_of, type_of

__all__ = [
    "KINDS",
    "ROLES",
    "STATUSES",
    "TYPE_KEY",
    "VERDICTS",
    "ContextPassage",
    "Dataflow",
    "Diagnosis",
    "Document",
    "Evidence",
    "Funnel",
    "FunnelCell",
    "FunnelRow",
    "ModelCall",
    "Origin",
    "Role",
    "Score",
    "Scores",
    "Span",
    "SpanError",
    "SpanKind",
    "SpanStatus",
    "Step",
    "StripCell",
    "Suspect",
    "TextRange",
    "Trace",
    "Usage",
    "Verdict",
    "content_hash",
    "main_text",
    "messages_in",
    "strings_in",
    "text_of",
    "type_of",
]

"""A trace, its scores and its diagnosis as something to read: in the terminal, as Markdown, as one HTML page, as JSON."""

from weaklink.report.html import render_html
from weaklink.report.json import render_json, report_data
from weaklink.report.markdown import render_markdown
from weaklink.report.text import Look, render_text, report_blocks
from weaklink.report.view import Report, report_of

__all__ = [
    "Look",
    "Report",
    "render_html",
    "render_json",
    "render_markdown",
    "render_text",
    "report_blocks",
    "report_data",
    "report_of",
]

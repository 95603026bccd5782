"""The report as one HTML page that needs nothing else: no script, no other file, no network."""

from weaklink.report.html.page import render_html

__all__ = ["render_html"]

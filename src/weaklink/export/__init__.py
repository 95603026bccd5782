"""Traces out of and into files: reports for people, JSON lines for programs."""

from weaklink.export.jsonl import BadLine, Entry, entry_line, read, read_entries
from weaklink.export.save import FORMATS, rendered, save
from weaklink.export.writing import write_file

__all__ = ["FORMATS", "BadLine", "Entry", "entry_line", "read", "read_entries", "rendered", "save", "write_file"]

"""The demo without a framework: a handbook, questions, a real model, and what each integration has to provide.

An integration registers a `Demo` in the entry point group "weaklink.demos"; `open_demo` runs it.
"""

from weaklink.demo.cases import Blame, DemoCase, load_cases
from weaklink.demo.handbook import Passage, load_handbook
from weaklink.demo.model import ModelUnavailable, Progress, cache_folder, fetch_model
from weaklink.demo.pipeline import Demo, DemoPipeline, find_demos, open_demo

__all__ = [
    "Blame",
    "Demo",
    "DemoCase",
    "DemoPipeline",
    "ModelUnavailable",
    "Passage",
    "Progress",
    "cache_folder",
    "fetch_model",
    "find_demos",
    "load_cases",
    "load_handbook",
    "open_demo",
]

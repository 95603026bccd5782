"""ragas, imported without its telemetry."""

import logging
import os
import warnings
from functools import cache
from importlib import import_module
from typing import Any

from weaklink.errors import MissingPackage


@cache
def ragas_module(name: str) -> Any:
    """The module `name` of ragas. Raises MissingPackage where ragas cannot be imported, with what to type."""
    # ragas posts analytics of every evaluation unless this is set before it is asked for the first time (0.4.3).
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            analytics = import_module("ragas._analytics")
            # It logs each answer that it cannot parse as an error; here that is a reason beside the score.
            logging.getLogger("ragas").addHandler(logging.NullHandler())
            analytics.do_not_track.cache_clear()  # whoever imported ragas before us may have let it ask
            return import_module(name)
    except ImportError as error:
        if "vertexai" in str(error):  # of langchain-community 0.4.2
            needed = "an older langchain-community"
            package = "'langchain-community<0.4.2'"
        else:
            needed = package = (error.name or "ragas").partition(".")[0].replace("_", "-")
        raise MissingPackage(f"scoring with ragas needs {needed}: pip install {package} ({error})") from error

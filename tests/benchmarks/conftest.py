"""Makes `benchmarks` importable: it is a folder of the checkout, in no distribution."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

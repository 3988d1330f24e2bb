"""Whether the C extension of the graphs is here; its source is csrc/."""

from __future__ import annotations

from pathlib import Path

from ..core import missing

_PLACE = Path(__file__).parent
_found, WHY_NOT = missing.load("The graph extension", _PLACE, "_graph")  # a sentence, or empty
BUILD_LOG = missing.build_log(_PLACE, "_graph") if _found is None else ""

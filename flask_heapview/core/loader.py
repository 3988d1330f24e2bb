"""The native core, where it was built; its source is csrc/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from . import missing

if TYPE_CHECKING:
    from . import _core

    class Core:
        """The module as a type, so that `core` may be None. Its signatures are _core.pyi's."""

        SamplerState = _core.SamplerState
        Levels = _core.Levels
        capture = staticmethod(_core.capture)
        audit = staticmethod(_core.audit)
        look = staticmethod(_core.look)
        tracked = staticmethod(_core.tracked)
        traceback_of = staticmethod(_core.traceback_of)
        words = staticmethod(_core.words)
        sampling_start = staticmethod(_core.sampling_start)
        sampling_stop = staticmethod(_core.sampling_stop)
        sampling_freeze = staticmethod(_core.sampling_freeze)
        sampling = staticmethod(_core.sampling)
        sampling_heal = staticmethod(_core.sampling_heal)
        sampling_dump = staticmethod(_core.sampling_dump)
        sampling_live = staticmethod(_core.sampling_live)
        sampling_request = staticmethod(_core.sampling_request)
        NativeState = _core.NativeState
        native_start = staticmethod(_core.native_start)
        native_stop = staticmethod(_core.native_stop)
        native_rescan = staticmethod(_core.native_rescan)
        native_freeze = staticmethod(_core.native_freeze)
        native_read = staticmethod(_core.native_read)
        native = staticmethod(_core.native)
        native_request_ended = staticmethod(_core.native_request_ended)
        RequestPath = _core.RequestPath
        levels = staticmethod(_core.levels)
        pymalloc = staticmethod(_core.pymalloc)
        where = staticmethod(_core.where)
        WALK_MAGIC = _core.WALK_MAGIC
        WALK_VERSION = _core.WALK_VERSION
        NONE = _core.NONE
        DOUBTFUL = _core.DOUBTFUL
        FORM_FIXED = _core.FORM_FIXED
        FORM_ATTRIBUTE = _core.FORM_ATTRIBUTE
        FORM_LOCAL = _core.FORM_LOCAL
        FORM_CLOSURE = _core.FORM_CLOSURE
        FORM_FRAME = _core.FORM_FRAME
        FORM_CONTEXT = _core.FORM_CONTEXT
        FORM_MODULE = _core.FORM_MODULE
        FORM_THREAD = _core.FORM_THREAD
        FORM_KEY = _core.FORM_KEY
        GRAPH_ARRAYS = _core.GRAPH_ARRAYS
        TAG_OTHER = _core.TAG_OTHER
        TAG_ENDPOINT = _core.TAG_ENDPOINT
        TAG_THREAD = _core.TAG_THREAD
        PROGRESS_BYTES = _core.PROGRESS_BYTES
        PROGRESS_ERROR_AT = _core.PROGRESS_ERROR_AT
        SIGN_DESCRIPTOR = _core.SIGN_DESCRIPTOR
        SIGN_POINTER = _core.SIGN_POINTER
        SIGN_UNKNOWN = _core.SIGN_UNKNOWN


_PLACE = Path(__file__).parent
_found, WHY_NOT = missing.load("The native core", _PLACE, "_core")  # one of the two is empty
core = cast("Core | None", _found)
BUILD_LOG = missing.build_log(_PLACE, "_core") if core is None else ""  # the compiler's last lines

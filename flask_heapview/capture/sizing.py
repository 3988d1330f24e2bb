"""Pympler's deep sizes, without what it would pull into the service."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

_NAME = "flask_heapview.capture._asizeof"


def _import_without_numpy(name: str, *args: Any, **kwargs: Any) -> Any:
    if name.partition(".")[0] == "numpy" and "numpy" not in sys.modules:
        raise ImportError(name)
    return builtins.__import__(name, *args, **kwargs)


def load_asizeof() -> Callable[[object], int]:
    """`pympler.asizeof.asizeof`, which gives bytes.

    Pympler imports numpy wherever it is installed: 20 MB and new warning filters in a service that
    may not use it. So the module is executed with an `__import__` of its own, under another name.
    """
    loaded = sys.modules.get("pympler.asizeof") or sys.modules.get(_NAME)
    if loaded is None:
        found = importlib.util.find_spec("pympler.asizeof")
        assert found is not None
        spec = importlib.util.spec_from_file_location(_NAME, found.origin)
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        own = {**vars(builtins), "__import__": _import_without_numpy}
        loaded.__dict__["__builtins__"] = own
        sys.modules[_NAME] = loaded  # it looks itself up
        spec.loader.exec_module(loaded)
    return loaded.asizeof  # type: ignore[no-any-return]

"""The native core, where it was built; its source is csrc/."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

core: ModuleType | None = None
WHY_NOT = "The native core was not built: there was no C compiler at the installation."
try:
    core = import_module("flask_heapview.core._core")
except ModuleNotFoundError:
    pass
except ImportError as error:  # built, but for something else
    WHY_NOT = f"The native core could not be loaded ({error})."

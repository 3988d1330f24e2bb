"""Loads the package's C extensions, or says why one is missing: found out, never guessed.

setup.py leaves a note beside each extension that it could not build.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

from ..isolation.interpreter import free_threaded

REINSTALL = (
    "To install it again: "
    "python -m pip install --force-reinstall --no-deps --no-cache-dir flask-heapview."
)


def why_unsupported(title: str) -> str | None:
    """Why the extension is never built for this Python. None where it is.

    `title` names the extension in the sentence. setup.py builds under the same conditions.
    """
    if sys.platform != "linux":
        return f"{title} is built on Linux only, and this is {sys.platform}."
    if sys.implementation.name != "cpython":
        return f"{title} is built for CPython only, and this is {sys.implementation.name}."
    if free_threaded():
        return (
            f"{title} is not built for free-threaded Python. It needs the global interpreter lock."
        )
    return None


def _note(place: Path, module: str) -> list[str]:
    """The lines of setup.py's note for this very Python. Empty where there is none."""
    suffix = EXTENSION_SUFFIXES[0].removesuffix(".so")
    note = place / f"{module}{suffix}.failure.txt"
    try:
        text = note.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()


def build_log(place: Path, module: str) -> str:
    """The compiler's last lines, where the build failed. Empty where there are none.

    `place` is the directory of the package, `module` the last part of the extension's name.
    """
    return "\n".join(_note(place, module)[1:])


def why_missing(title: str, place: Path, module: str) -> str:
    """Why the file of the extension is not there, on a Python that it is built for."""
    if note := _note(place, module):
        return f"{title} was not built at installation. {note[0]} {REINSTALL}"
    if others := sorted(path.name for path in place.glob(f"{module}.*.so")):
        version = ".".join(map(str, sys.version_info[:2]))
        return (
            f"{title} was built for another Python ({', '.join(others)}). "
            f"This is {sys.implementation.cache_tag} ({version}). {REINSTALL}"
        )
    return f"{title} is not in this installation, and no note says why. {REINSTALL}"


def load(title: str, place: Path, module: str) -> tuple[ModuleType | None, str]:
    """The extension and an empty reason, or None and why it is missing.

    Never raises: whatever is wrong with the extension, the service has to start.
    """
    reason = why_unsupported(title)
    if reason is not None:
        return None, reason
    name = f"flask_heapview.{place.name}.{module}"
    try:
        return importlib.import_module(name), ""
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            return None, why_missing(title, place, module)
        return None, f"{title} could not be loaded: {str(error).rstrip('.')}. {REINSTALL}"

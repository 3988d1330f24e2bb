"""Whether the portable engine can run here. Its packages are imported last: they are large."""

from __future__ import annotations

import importlib.util
import sys

from ...isolation.interpreter import free_threaded
from ..base import Engine

FIRST_WITHOUT_GUPPY = (3, 15)  # guppy3 does not compile from there on; setup.py leaves it out
_PACKAGES = {"guppy": "guppy3", "objgraph": "objgraph", "pympler": "Pympler"}


def portable_engine(why: str) -> Engine | str:
    """The engine, with `why` as the reason for its use. A sentence where it cannot run here."""
    if free_threaded():
        # CPython's free-threading HOWTO: an extension that does not declare support enables the GIL
        return (
            "The portable engine is not used on free-threaded Python. "
            "It needs guppy3, and importing that would enable the global interpreter lock."
        )
    absent = [name for module, name in _PACKAGES.items() if not importlib.util.find_spec(module)]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        said = f"The portable engine needs {' and '.join(absent)}, which {verb} not installed."
        if "guppy3" in absent and sys.version_info >= FIRST_WITHOUT_GUPPY:
            version = ".".join(map(str, FIRST_WITHOUT_GUPPY))
            said += f" flask-heapview does not require guppy3 on Python {version} and later."
        return said
    try:
        from .engine import PortableEngine
    except Exception as error:
        return f"The portable engine could not be imported: {str(error).rstrip('.')}."
    return PortableEngine(why)

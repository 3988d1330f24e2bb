"""Find what a live Flask service leaks: who holds it, who allocated it, which endpoint does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .extension import HeapView, create_blueprint

__all__ = ["HeapView", "__version__", "create_blueprint"]


def __getattr__(name: str) -> Any:
    """Loads the extension when it is asked for: the offline process does without Flask."""
    if name in ("HeapView", "create_blueprint"):
        from . import extension

        return getattr(extension, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

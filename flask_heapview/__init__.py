"""Find what a live Flask service leaks: who holds it, who allocated it, which endpoint does it."""

from ._version import __version__
from .extension import HeapView, create_blueprint

__all__ = ["HeapView", "__version__", "create_blueprint"]

"""One file per view; VIEWS is the one list of them."""

from . import (
    allocations,
    caches,
    cycles,
    gc,
    heap,
    native,
    ownership,
    process,
    resources,
    retained,
)
from .base import View

VIEWS: tuple[View, ...] = (
    ownership.VIEW,
    heap.VIEW,
    retained.VIEW,
    caches.VIEW,
    cycles.VIEW,
    allocations.VIEW,
    native.VIEW,
    resources.VIEW,
    gc.VIEW,
    process.VIEW,
)
BY_NAME: dict[str, View] = {view.name: view for view in VIEWS}

__all__ = ["BY_NAME", "VIEWS", "View"]

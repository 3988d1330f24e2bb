"""What stands around a container: whether it is a cache's, and how large it may become."""

from __future__ import annotations

from ...inspection.bounds import DATA_NAMES, shared_limit
from . import walk_file


class Surroundings:
    """Looks at a node of the tree, and at the one above it."""

    def __init__(self, walk: walk_file.WalkFile) -> None:
        self.walk = walk

    def collects(self, node: walk_file.Node) -> walk_file.Containers | None:
        """The containers at a node; None where there are none."""
        return self.walk.collects[node.collects - 1] if node.collects else None

    def is_cache(self, node: walk_file.Node) -> bool:
        """Whether it is a cache of a known library, or part of one."""
        above = self._above(node)
        return self._of_a_cache(node) or (above is not None and self._of_a_cache(above))

    def keeps_entries(self, node: walk_file.Node) -> bool:
        """Whether a known cache has it for its entries: then the cache is named in its place."""
        above = self._above(node)
        return above is not None and self._has_data_name(node) and self._of_a_cache(above)

    def limit(self, node: walk_file.Node) -> tuple[int | None, bool]:
        """(entries that all its containers may hold, whether that is a guess)."""
        above, own = self._above(node), self.collects(node)
        owner = self.collects(above) if above is not None else None
        return shared_limit(
            _known(own),
            _known(owner),
            own.containers if own is not None else 0,
            certain=self.is_cache(node) or self._has_data_name(node),
        )

    def _above(self, node: walk_file.Node) -> walk_file.Node | None:
        return None if node.parent == walk_file.NONE else self.walk.nodes[node.parent]

    def _has_data_name(self, node: walk_file.Node) -> bool:
        return self.walk.labels[node.label].lstrip(".") in DATA_NAMES

    def _of_a_cache(self, node: walk_file.Node) -> bool:
        return node.type != walk_file.NONE and self.walk.types[node.type].cache > 0


def _known(containers: walk_file.Containers | None) -> int | None:
    """Their limit, in entries."""
    return containers.limit if containers is not None and containers.limit > 0 else None

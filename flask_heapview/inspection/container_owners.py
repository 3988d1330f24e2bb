"""Whose a container is: the app's, a library's or the standard library's."""

from __future__ import annotations

from collections.abc import Container, Mapping

from ..model.stacks import Stacks
from .roots import APP, LIBRARY, OURS, STANDARD


class Owners:
    """Looks upwards in a tree of paths.

    `ranks` say whose each root is, by its label; `metaclasses` are the types whose objects are
    classes: these are whose module they hang below.
    """

    def __init__(
        self, stacks: Stacks, ranks: Mapping[str, int], metaclasses: Container[str]
    ) -> None:
        self.stacks, self.ranks, self.metaclasses = stacks, ranks, metaclasses
        self._by_type: dict[str, int | None] = {}

    def owner(self, node: int) -> tuple[int, list[str]]:
        """The rank of who made the container at a node, and the names that it has there.

        That is the class with the attribute that leads to it, wherever its instance hangs: the
        tables of a framework's object are not the app's. A class of the standard library keeps
        things for somebody else, so whoever holds the instance is asked next. What nobody's
        attribute leads to is the root's.
        """
        names: list[str] = []
        stack = self.stacks.stack(node)
        for place in range(len(stack) - 1, 0, -1):
            label = stack[place].label
            if label.startswith((" local ", " context ")):  # a function's state of the moment
                return LIBRARY, [*names, label.rpartition(" ")[2]]
            if label.startswith("."):
                names.append(label[1:])
                rank = self._rank(stack[place - 1].type)
                if rank in (APP, LIBRARY, OURS):
                    return rank, names
        return self.ranks.get(stack[0].label, STANDARD), names

    def _rank(self, kind: str) -> int | None:
        """Of the module that defines a class; None where it decides nothing."""
        if kind not in self._by_type:
            self._by_type[kind] = None if kind in self.metaclasses else self._of_module(kind)
        return self._by_type[kind]

    def _of_module(self, kind: str) -> int | None:
        module = kind
        while "." in module:
            module = module.rpartition(".")[0]
            if module in self.ranks:
                return self.ranks[module]
        return None

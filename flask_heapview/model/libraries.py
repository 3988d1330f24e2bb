"""Which installed distributions what is imported belongs to: names and versions, nothing else."""

from __future__ import annotations

from .base import Model


class Distribution(Model, frozen=True):
    """One that owns imported modules."""

    name: str  # as it was published
    version: str
    modules: list[str]  # dotted names: all that is imported below them is its own


class Libraries(Model, frozen=True):
    """Those of one process. Empty in snapshots that were taken before it was known."""

    python: str = ""  # the interpreter's version
    distributions: list[Distribution] = []
    own: str | None = None  # the distribution that the app itself was installed from
    libc: str = ""  # the C library, with its version where it tells: "glibc 2.36", "musl"

    def owner_of(self, name: str) -> Distribution | None:
        """The distribution of a dotted name: of a module, a type, or a path that begins in one."""
        found = (
            (len(module), one)
            for one in self.distributions
            for module in one.modules
            if _below(name, module)
        )
        return max(found, key=lambda pair: pair[0], default=(0, None))[1]


def _below(name: str, module: str) -> bool:
    return name.startswith(module) and name[len(module) : len(module) + 1] in ("", ".")

"""Compares versions, as far as ranges of releases need it.

The order is that of the version specifiers at packaging.python.org, without epochs and local parts:
a release comes after its own pre-releases, and a post-release counts as its release.
"""

from __future__ import annotations

import re

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)[-_.]?(?:(a|alpha|b|beta|c|rc|pre|dev)[-_.]?(\d*))?", re.I)
_CONDITION = re.compile(r"(<=|<|>=|>|==)\s*(\S+)$")
_FINAL = ("~", 0)  # sorts after the name of any pre-release

Key = tuple[tuple[int, ...], tuple[str, int]]


def version_key(version: str) -> Key | None:
    """What sorts as the version does; None where it is none."""
    found = _VERSION.match(version.strip())
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    stage = found[2].lower() if found[2] else ""
    if not stage:
        return tuple(numbers), _FINAL
    # a dev release comes before all others, and c is another name of rc
    name = "" if stage == "dev" else stage[0].replace("c", "r")
    return tuple(numbers), (name, int(found[3] or 0))


def within(version: str, conditions: str) -> bool:
    """Whether a version fulfils all of ">=3.12, <3.12.7". Raises ValueError for what is no such."""
    return all(_holds(version, each.strip()) for each in conditions.split(","))


def _holds(version: str, condition: str) -> bool:
    read = _CONDITION.match(condition)
    bound = version_key(read[2]) if read is not None else None
    if read is None or bound is None:
        raise ValueError(f"{condition!r} is no condition")
    own = version_key(version)
    if own is None:
        return False
    return {
        "<": own < bound,
        "<=": own <= bound,
        ">": own > bound,
        ">=": own >= bound,
        "==": own == bound,
    }[read[1]]

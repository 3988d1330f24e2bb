"""Growth without an owner is never answered with "no leak"."""

from __future__ import annotations

from typing import Any

import msgspec

from flask_heapview.reports.queries import judge_in_words

from .factories import row


def rows(*truncated: int) -> list[Any]:
    """Nothing grows in the tree; so many objects found no place in it."""
    found = []
    for snapshot, count in zip(row(300, 300, 300), truncated, strict=True):
        ownership = msgspec.structs.replace(snapshot.ownership, truncated=count)
        found.append(msgspec.structs.replace(snapshot, ownership=ownership))
    return found


def test_growth_that_the_full_tree_lost_is_not_acquitted() -> None:
    report = judge_in_words(rows(5_000, 5_400, 5_800))
    assert report.verdict == "inconclusive"
    assert "800 objects came whose owner is not known" in report.summary
    assert report.suspects == []


def test_a_full_tree_alone_is_no_reason() -> None:
    assert judge_in_words(rows(5_000, 5_000, 5_000)).verdict == "no-leak"
    assert judge_in_words(rows(5_000, 5_400, 5_001)).verdict == "no-leak"

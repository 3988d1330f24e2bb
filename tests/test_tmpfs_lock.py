"""Who fills a tmpfs and who judges growth exclude one another."""

from __future__ import annotations

import pytest

from .tmpfs_lock import tmpfs_lock


def test_a_judge_waits_for_a_writer(fills_tmpfs: None) -> None:
    with pytest.raises(BlockingIOError), tmpfs_lock(exclusive=False, wait=False):
        pass


def test_a_writer_waits_for_a_judge(judges_growth: None) -> None:
    with pytest.raises(BlockingIOError), tmpfs_lock(exclusive=True, wait=False):
        pass


def test_judges_do_not_wait_for_each_other(judges_growth: None) -> None:
    with tmpfs_lock(exclusive=False, wait=False):
        pass

"""The page that a worker and its child share."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_heapview.isolation.progress_page import ProgressPage


def test_the_board_carries_progress_and_errors(tmp_path: Path) -> None:
    with (
        ProgressPage(tmp_path / "page", create=True) as board,
        ProgressPage(tmp_path / "page") as other,
    ):
        board.advance("walking", 7, 5)
        board.pause_ns = 12
        assert not other.started
        board.start()
        board.fail("é" * 5000)
        progress = other.progress()
        assert (progress.done, progress.total, progress.phase) == (7, 7, "walking")
        assert other.pause_ns == 12
        assert other.started
        assert other.error is not None
        assert set(other.error) <= {"é", "\ufffd"}
    with pytest.raises(FileExistsError):
        ProgressPage(tmp_path / "page", create=True)
    with ProgressPage(None) as private:
        assert private.error is None

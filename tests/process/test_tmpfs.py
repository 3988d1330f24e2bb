"""Files in memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from flask_heapview.process import tmpfs

from ..helpers import needs


@pytest.mark.usefixtures("fills_tmpfs")
def test_files_in_memory_are_listed_by_name(tmp_path: Path) -> None:
    place = next((p for p in tmpfs.mounts() if os.access(p, os.W_OK)), None)
    needs(place, "no temporary filesystem can be written to")
    with tempfile.TemporaryDirectory(dir=place) as home:
        before = tmpfs.size_of(tmpfs.mounts())
        for number in range(5):
            (Path(home) / f"thumb-{number}.raw").write_bytes(b"x" * 100_000)
        own = Path(home) / "own"
        own.mkdir()
        (own / "snapshot.bin").write_bytes(b"x" * 200_000)
        rows = {Path(tally.name).name: tally for tally in tmpfs.files(own)}
        assert rows["thumb-#.raw"].count == 5
        assert 500_000 <= (rows["thumb-#.raw"].size or 0) < 600_000
        assert "snapshot.bin" not in rows
        assert tmpfs.size_of(tmpfs.mounts()) - before >= 700_000

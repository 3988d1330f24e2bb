"""What a check leaves for a CI server: files, annotations, and the exit code."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from .._version import __version__
from ..errors import BadRequest
from ..leakcheck import baseline
from ..model.report import Report
from ..render import github, junit, sarif
from .output import written
from .terminal import say

NO_LEAK, LEAK, INCONCLUSIVE = 0, 1, 3  # exit codes; 2 is click's own, for wrong arguments


class Wanted(msgspec.Struct, frozen=True):
    """What was asked for."""

    junit: Path | None
    sarif: Path | None
    github: bool
    baseline: Path | None
    write_baseline: bool

    def known(self) -> frozenset[str]:
        """The fingerprints that do not fail. Raises BadRequest."""
        if self.baseline is None and self.write_baseline:
            raise BadRequest("--write-baseline needs the file: --baseline FILE.")
        if self.baseline is None or self.write_baseline:
            return frozenset()
        return baseline.read(self.baseline)

    def leave(self, report: Report, name: str, known: frozenset[str]) -> int:
        """Writes all of it, and gives the exit code. Raises click's error."""
        root = Path.cwd()
        if self.junit is not None:
            _write(self.junit, junit.render(report, name, known))
        if self.sarif is not None:
            _write(self.sarif, sarif.render(report, known, root, __version__))
        if self.github and report.suspects:
            say(github.render(report, known, root))
        if self.baseline is not None and self.write_baseline:
            _write(self.baseline, baseline.text_of(report))
            return NO_LEAK
        if report.verdict == "inconclusive":
            return INCONCLUSIVE
        return LEAK if report.has_new_leaks(known) else NO_LEAK


def _write(path: Path, data: bytes) -> None:
    """Raises click's error. The folder is made: CI begins with a fresh checkout."""
    with contextlib.suppress(OSError):  # what is in the way of the folder is in the file's, too
        path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as file:
        file.write(data)

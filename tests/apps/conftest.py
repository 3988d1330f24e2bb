"""The environments of the applications, and the table at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..helpers import ROOT, needs
from .gallery import Application, NotInstallable, built_wheel, install
from .outcome import Row, table

ROWS = pytest.StashKey[dict[str, Row]]()
REPORT = ROOT / "build" / "apps.txt"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = {}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, {})
    if rows:
        text = table(rows)
        terminalreporter.section(f"real applications ({REPORT.relative_to(ROOT)})")
        terminalreporter.write(text)


@pytest.fixture(scope="session")
def rows(pytestconfig: pytest.Config) -> dict[str, Row]:
    return pytestconfig.stash[ROWS]


@pytest.fixture(scope="module")
def row(application: Application, rows: dict[str, Row]) -> Iterator[Row]:
    """The application's line of the table, which is written once its tests are done."""
    yield rows.setdefault(application.name, Row(application.version))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(table(rows))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(application: Application, wheel: Path) -> Path:
    try:
        return install(application, wheel)
    except NotInstallable as error:
        needs(False, f"{application.name} cannot be installed: {error}")
        raise

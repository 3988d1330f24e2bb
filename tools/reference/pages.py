"""The list of the reference pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import commands, files, http, python_api, report, settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "reference-settings.md": settings.render,
    "reference-http.md": http.render,
    "reference-report.md": report.render,
    "reference-files.md": files.render,
    "reference-python.md": python_api.render,
    "reference-cli.md": commands.render,
}

"""What the formats for CI servers share: the words of a suspect, and how a file is named."""

from __future__ import annotations

from pathlib import Path

from ..model.report import Suspect


def message_of(suspect: Suspect) -> str:
    """What it is, and what to do."""
    return f"{suspect.summary}. {suspect.remedy}".strip()


def uri_of(file: str, root: Path) -> str:
    """Relative to the root where it lies below it, as code scanning wants it."""
    path = Path(file)
    if not path.is_absolute():
        return path.as_posix()
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_uri()

"""The pages. An environment of our own: the app's templates and filters stay out of it."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Made with the first page that is asked for."""
    made = Environment(
        loader=PackageLoader("flask_heapview.templates", ""),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        bytes=bytes_text,
        number=number_text,
        signed=signed_text,
        signed_bytes=signed_bytes_text,
        ms=ms_text,
        percent=percent_text,
        ago=ago_text,
    )
    return made


def render(template: str, **values: Any) -> str:
    """The page as text."""
    return environment().get_template(template).render(**values)


def bytes_text(value: float | None) -> str:
    """1.2 MB; powers of ten."""
    if value is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"


def number_text(value: float | None) -> str:
    return "–" if value is None else f"{value:,}"


def signed_text(value: float | None) -> str:
    if value is None:
        return "–"
    return "0" if not value else f"{value:+,}".replace("-", "−")


def signed_bytes_text(value: float | None) -> str:
    if value is None:
        return "–"
    text = bytes_text(abs(value))
    return text if not value else f"{'+' if value > 0 else '−'}{text}"


def ms_text(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f} ms"


def percent_text(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}".replace(".0%", "%")


def ago_text(taken_at: str) -> str:
    """How long ago a time of RFC 3339 was."""
    try:
        then = time.mktime(time.strptime(taken_at, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    except ValueError:
        return taken_at
    seconds = max(0, time.time() - then)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"

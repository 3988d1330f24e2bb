"""The pages. An environment of our own: the app's templates and filters stay out of it."""

from __future__ import annotations

import calendar
import time
from functools import lru_cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from ..model.births import Births
from ..text import (
    bytes_text,
    duration_text,
    ms_text,
    number_text,
    percent_text,
    signed_bytes_text,
    signed_text,
)
from ..views import path
from ..views.suspect_cards import sentences
from .sentences.forecast import forecast_text
from .sentences.say import ages_text, explained_text, rate_text, samples_text


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
        duration=duration_text,
        rate=rate_text,
        forecast=forecast_text,
        ages=ages_text,
        bars=bars,
        explained=explained_text,
        samples=samples_text,
        path=path.of_suspect,
        reference=path.reference_text,
        sentences=sentences,
    )
    return made


def render(template: str, **values: Any) -> str:
    """The page as text."""
    return environment().get_template(template).render(**values)


def bars(births: Births | dict[str, Any]) -> tuple[int, ...]:
    """What is drawn of them. A cell of a table has come as JSON."""
    return msgspec.convert(births, Births).drawn


def ago_text(taken_at: str) -> str:
    """How long ago a time of RFC 3339 was."""
    try:
        then = calendar.timegm(time.strptime(taken_at, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return taken_at
    seconds = max(0, time.time() - then)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"

"""What a caller has sent, in the types that were meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import request

from ..errors import BadRequest

MAX_LABEL_CHARACTERS = 80
MAX_NUMBER = 10**15  # of what a caller may name, so that every answer can say it


def sent() -> dict[str, Any]:
    """The JSON object that was sent; nothing is an empty one. Raises BadRequest."""
    data = request.get_data()
    if not data.strip():
        return {}
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise BadRequest("The body must be a JSON object.")
    return found


def text_field(found: Mapping[str, Any], name: str) -> str | None:
    """A string of the body, or None. Raises BadRequest."""
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} must be a string.")
    return value


def flag(found: Mapping[str, Any], name: str) -> bool | None:
    """True or false of the body, or None. Raises BadRequest."""
    value = found.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false.")
    return value


def whole(found: Mapping[str, Any], name: str) -> int | None:
    """A whole number of the body, or None. Raises BadRequest."""
    value = found.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise BadRequest(f"{name} must be a whole number.")
    return _bounded(value, name)


def _bounded(value: int | None, name: str) -> int | None:
    if value is not None and abs(value) > MAX_NUMBER:
        raise BadRequest(f"{name} is too large.")
    return value


def number(text: str, name: str) -> int:
    """A whole number of an address or a form. Raises BadRequest."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise BadRequest(f"{name} must be a whole number.")
    if len(digits) > len(str(MAX_NUMBER)) or abs(int(text)) > MAX_NUMBER:
        raise BadRequest(f"{name} is too large.")
    return int(text)


def real(found: Mapping[str, Any], name: str) -> float | None:
    """A number of the body, or None. Raises BadRequest."""
    value = found.get(name)
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise BadRequest(f"{name} must be a number.")
    if value is not None and not abs(value) <= MAX_NUMBER:
        raise BadRequest(f"{name} is too large.")
    return value


def pair_asked() -> dict[str, str | None]:
    """The ids of two snapshots in the address: `base` and `target`, None where one is missing."""
    return {name: request.args.get(name) or None for name in ("base", "target")}

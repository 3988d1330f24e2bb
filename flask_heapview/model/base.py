"""What every struct of a snapshot shares: frozen, typed, and at home in JSON."""

from __future__ import annotations

import time
from typing import TypeVar

import msgspec

NAME_SEPARATOR = ": "  # between an endpoint and a name that the app gave its request


class Model(msgspec.Struct, frozen=True):
    """A frozen struct that msgspec reads from and writes to JSON."""


M = TypeVar("M")


def to_json(value: object) -> bytes:
    """The value as UTF-8 JSON."""
    return msgspec.json.encode(value)


def from_json(data: bytes | str, kind: type[M]) -> M:
    """Reads `kind` from JSON; raises msgspec.DecodeError or ValidationError."""
    return msgspec.json.decode(data, type=kind)


def moment(seconds: float | None = None) -> str:
    """A time in seconds since the epoch, the present one if none is given: RFC 3339, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

"""JSON that people read, too."""

from __future__ import annotations

from typing import Any

import msgspec


def encode(value: Any) -> bytes:
    """The value as indented UTF-8 JSON, for tickets that people read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2)

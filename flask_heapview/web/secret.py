"""Secrets that the workers of one app share, kept 0600 in its directory."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ..errors import StoreError
from ..store.private_file import create_private


def shared_secret(directory: Path, name: str) -> str:
    """The secret of that name, made by whichever worker comes first. Raises StoreError."""
    path = directory / name
    for _ in range(3):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            try:
                create_private(path, secrets.token_urlsafe(32).encode())
            except OSError as error:
                raise StoreError(f"{path}: {error.strerror}.") from error
            continue
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}.") from error
        with os.fdopen(fd) as file:
            text = file.read().strip()
        if text:
            return text
    raise StoreError(f"{path} is empty. Delete it and restart the service.")

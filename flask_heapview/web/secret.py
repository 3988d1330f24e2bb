"""Secrets that the workers of one app share, kept 0600 in its directory."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ..errors import StoreError


def shared_secret(directory: Path, name: str) -> str:
    """The secret of that name, made by whichever worker comes first. Raises StoreError."""
    path = directory / name
    for _ in range(3):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            _make(path)
            continue
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}.") from error
        with os.fdopen(fd) as file:
            text = file.read().strip()
        if text:
            return text
    raise StoreError(f"{path} is empty. Delete it, and start the service again.")


def _make(path: Path) -> None:
    """Writes it under another name and links it: nobody reads half of it, the first one wins."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(fd, secrets.token_urlsafe(32).encode())
        finally:
            os.close(fd)
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(part)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}.") from error

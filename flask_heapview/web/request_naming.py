"""Splits endpoints by names of the app's choosing: HEAPVIEW_REQUEST_NAME."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Request

from ..model.base import NAME_SEPARATOR
from ..text import clean

log = logging.getLogger("flask_heapview")
MAX_NAMES = 100  # of all endpoints of an app: each has its counter, and its tag in the sampler
MAX_NAME_CHARACTERS = 80
OTHERS = "(other)"


class RequestNaming:
    """Asks the app's callable. Whatever that does, the request goes on."""

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        self._ask = ask
        # one string for each name: whoever looks it up compares no characters
        self._names: dict[tuple[str, str], str] = {}
        self._complained = False

    def name(self, asked: Request, endpoint: str) -> str:
        """The endpoint with the request's name, or the endpoint where it has none."""
        try:
            given = self._ask(asked)
            if not given:
                return endpoint
            if not isinstance(given, str):
                raise TypeError(f"it must return a string or None, not {type(given).__name__}")
        except Exception:
            self._complain()
            return endpoint
        key = endpoint, clean(given, MAX_NAME_CHARACTERS).replace(NAME_SEPARATOR, " ")
        return self._names.get(key) or self._add(key)

    def _add(self, key: tuple[str, str]) -> str:
        endpoint, name = key
        if len(self._names) >= MAX_NAMES:
            return f"{endpoint}{NAME_SEPARATOR}{OTHERS}"
        return self._names.setdefault(key, f"{endpoint}{NAME_SEPARATOR}{name}")

    def _complain(self) -> None:
        if not self._complained:
            self._complained = True
            log.exception(
                "flask-heapview: HEAPVIEW_REQUEST_NAME failed, so the request counts under its "
                "endpoint. Further failures are not logged. It runs before the app's "
                "before_request functions, and must not need what they put into g."
            )

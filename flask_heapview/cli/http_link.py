"""A service that is reached by its address, over HTTP and with its token."""

from __future__ import annotations

import http.client
import shutil
import ssl
import urllib.error
import urllib.request
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from ..errors import HeapViewError, Unreachable
from ..model.base import to_json
from ..workers.base import Answer
from .service_link import Fields

MAX_REQUEST_SECONDS = 150.0  # the service itself gives up a question earlier
MAX_ANSWER_BYTES = 64_000_000
REDIRECTS = frozenset((301, 302, 303, 307, 308))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to the address that was named, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


class HttpLink:
    """`url` is the page's address, such as https://shop.example/_debug/memory.

    Certificates are verified. No redirect is followed. The token is never shown.
    """

    def __init__(self, url: str, token: str) -> None:
        """Raises HeapViewError for what is no such address, or no token."""
        self._url = url.rstrip("/").removesuffix("/api/v1")
        self.name = self._url
        parts = _parts(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HeapViewError("The URL must begin with http:// or https://.")
        if parts.username is not None or parts.query or parts.fragment:
            raise HeapViewError(
                "The URL must be the page's address alone, such as "
                "https://shop.example/_debug/memory. The token goes into HEAPVIEW_TOKEN."
            )
        if not (token and token.isascii() and token.isprintable()):
            raise HeapViewError("The token is empty, or has a character that cannot be sent.")
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirect)

    def call(self, method: str, path: str, body: Fields | None = None) -> Answer:
        with self._open(method, path, body) as answer:
            data = self._read(answer)
        return Answer(answer.status, _headers(answer), data)

    def save(self, path: str, file: BinaryIO) -> Answer:
        with self._open("GET", path, None) as answer:
            if answer.status >= 400:
                return Answer(answer.status, _headers(answer), self._read(answer))
            try:
                shutil.copyfileobj(_Pieces(answer), file)
            except http.client.HTTPException as error:
                raise self._silent(error) from None
        return Answer(answer.status, _headers(answer), b"")

    def _open(self, method: str, path: str, body: Fields | None) -> Any:
        made = urllib.request.Request(f"{self._url}/api/v1{path}", method=method)
        made.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            made.data = to_json(body)
            made.add_header("Content-Type", "application/json")
        try:
            answer = self._opener.open(made, timeout=MAX_REQUEST_SECONDS)
        except urllib.error.HTTPError as error:
            answer = error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._silent(error) from None
        try:
            self._require_ours(answer)
        except HeapViewError:
            answer.close()
            raise
        return answer

    def _require_ours(self, answer: Any) -> None:
        """What is in front of the service may answer in its place. Raises HeapViewError."""
        if answer.status in REDIRECTS:
            to = answer.headers.get("Location", "another page")
            raise HeapViewError(
                f"{self._url} redirects to {to}. If that is a sign-in page, something in front of "
                "the service asks for one: use an address behind it, or run this command beside "
                "the service. If it is the same page elsewhere, use that address."
            )
        if answer.status == 200 and "html" in answer.headers.get("Content-Type", ""):
            raise HeapViewError(
                f"{self._url} answers with a page that is not flask-heapview's. The address must "
                "include the path, such as /_debug/memory. A sign-in page may be in front of it."
            )

    def _read(self, answer: Any) -> bytes:
        try:
            data = bytes(answer.read(MAX_ANSWER_BYTES + 1))
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from None
        if len(data) > MAX_ANSWER_BYTES:
            raise HeapViewError(f"{self._url} answers with more than can be read.")
        return data

    def _silent(self, error: Exception) -> Unreachable:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Unreachable(
                f"The certificate of {self._url} is not trusted: {reason.verify_message}. "
                "SSL_CERT_FILE may name the file of your own authority."
            )
        return Unreachable(f"{self._url} does not answer: {reason}.")


class _Pieces:
    """The body in pieces; what fails in reading it is told apart from what fails in writing."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def read(self, size: int = -1) -> bytes:
        try:
            data = bytes(self._answer.read(size))
        except OSError as error:
            raise http.client.HTTPException(str(error)) from None
        if not data and self._answer.length:
            raise http.client.IncompleteRead(b"", self._answer.length)
        return data


def _headers(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _parts(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError:
        raise HeapViewError("The URL must begin with http:// or https://.") from None

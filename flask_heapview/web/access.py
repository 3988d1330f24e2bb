"""Who may do what: bearer token, signed cookie, or the app's own callable; closed by default."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from flask import Request, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..config import HeapViewConfig, host_name
from ..errors import Forbidden, HeapViewError, TooManyAttempts, Unauthorized
from ..store.directory import private_directory
from ..text import clean
from .failures import Failures
from .links import url_for
from .secret import shared_secret
from .signed_out import SignedOut

ACCESS = "heapview.access"  # its place in app.extensions
log = logging.getLogger("flask_heapview")
audit = logging.getLogger("flask_heapview.audit")
SCOPES = frozenset(("view", "capture", "export", "values"))
COOKIE_KEY = "cookie.key"  # the file of the key that signs cookies
COOKIE, NONCE_COOKIE = "heapview_session", "heapview_nonce"
SESSION_SECONDS = 12 * 3600
SLOW_ROUNDS = 20_000  # of SHA-256
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


def slow_digest(token: bytes) -> bytes:
    """Takes milliseconds, without the interpreter's lock: few guesses fit into a second."""
    return hashlib.pbkdf2_hmac("sha256", token, b"flask-heapview", SLOW_ROUNDS)


class Identity(msgspec.Struct, frozen=True):
    """Who asks, by which way, and what they may do."""

    via: str  # token, cookie, auth
    scopes: frozenset[str] = SCOPES
    nonce: str = ""


class Access:
    """Access control of one app."""

    def __init__(self, config: HeapViewConfig, token: str | None, directory: Path) -> None:
        self.config, self.token, self.directory = config, token, directory
        self.failures = Failures(directory)
        self.signed_out = SignedOut(directory, directory / COOKIE_KEY)

    @property
    def _key(self) -> str:
        return shared_secret(private_directory(self.directory), COOKIE_KEY)

    def _serializer(self) -> URLSafeTimedSerializer:
        # the token is part of the salt: another token, and every cookie is void
        mark = hashlib.sha256((self.token or "").encode()).hexdigest()
        return URLSafeTimedSerializer(self._key, salt=f"heapview-session-{mark}")

    # --- who is it

    def identify(self, req: Request) -> Identity:
        """Raises Unauthorized, or TooManyAttempts after too many failures."""
        if self.config.auth is not None:
            return self._ask_app(req)
        header = req.headers.get("Authorization", "")
        if header:
            return self._bearer(header, req.remote_addr or "?")
        cookie = req.cookies.get(COOKIE, "")
        nonce = self._cookie(cookie) if cookie else None
        if nonce is None:
            raise Unauthorized("Send the token as 'Authorization: Bearer TOKEN', or sign in.")
        return Identity("cookie", self._scopes(), nonce)

    def _scopes(self) -> frozenset[str]:
        return SCOPES if self.config.show_values else SCOPES - {"values"}

    def _ask_app(self, req: Request) -> Identity:
        assert self.config.auth is not None
        try:
            answer = self.config.auth(req)
        except (HTTPException, HeapViewError):
            raise  # an answer of its own, by abort()
        except Exception:
            log.exception(
                "flask-heapview: HEAPVIEW_AUTH failed, so access was denied. It runs before the "
                "app's before_request functions, and must not need what they put into g."
            )
            raise Unauthorized(
                "HEAPVIEW_AUTH failed, so access is denied. The service's log has the traceback."
            ) from None
        if answer is True:
            scopes = self._scopes()
        elif isinstance(answer, set | frozenset | list | tuple):
            scopes = frozenset(one for one in answer if isinstance(one, str)) & self._scopes()
        else:
            scopes = frozenset()
        if not scopes:
            raise Unauthorized("The app's access control (HEAPVIEW_AUTH) denied access.")
        return Identity("auth", scopes, req.cookies.get(NONCE_COOKIE, ""))

    def _bearer(self, header: str, address: str) -> Identity:
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer":
            raise Unauthorized("Use the scheme Bearer: 'Authorization: Bearer TOKEN'.")
        self.verify_token(token.strip(), address)
        return Identity("token", self._scopes())

    def verify_token(self, token: str, address: str) -> None:
        """Constant-time comparison. Raises Unauthorized or TooManyAttempts.

        The right token always passes: behind a proxy its owner has the address of whoever guesses.
        While the address waits, each attempt costs the time of a slow digest.
        """
        wait = self.failures.wait(address)
        given, expected = token.encode(errors="replace"), (self.token or "").encode()
        if wait:
            given, expected = slow_digest(given), slow_digest(expected)
        if not self.token or not hmac.compare_digest(given, expected):
            if not wait:
                self.failures.add(address)
                raise Unauthorized("Wrong token.")
            raise TooManyAttempts(
                f"Too many failed attempts from this address. Wait {wait:.0f} s and try again.",
                retry_after=round(wait + 0.5),
            )
        # most addresses never failed: then there is nothing to write
        self.failures.clear(address)

    def _cookie(self, value: str) -> str | None:
        try:
            nonce = self._serializer().loads(value, max_age=SESSION_SECONDS)
        except BadData:
            return None
        if not isinstance(nonce, str) or nonce in self.signed_out:
            return None
        return nonce

    def sign_in(self, response: Response) -> None:
        """Gives the browser its cookie."""
        value = self._serializer().dumps(secrets.token_urlsafe(16))
        self._set(response, COOKIE, str(value), SESSION_SECONDS)

    def sign_out(self, response: Response, identity: Identity) -> None:
        """Voids the cookie in every worker, and takes it away. Raises StoreError."""
        if identity.via == "cookie":
            self.signed_out.add(identity.nonce, SESSION_SECONDS)
        self._set(response, COOKIE, "", 0)

    def set_nonce(self, response: Response, nonce: str) -> None:
        """What CSRF tokens are bound to where the app itself signs people in."""
        self._set(response, NONCE_COOKIE, nonce, SESSION_SECONDS)

    def _set(self, response: Response, name: str, value: str, age: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=age,
            path=url_for(".overview").rstrip("/") or "/",
            httponly=True,
            samesite="Strict",
            secure=request.is_secure,
        )

    # --- may they

    def csrf_token(self, identity: Identity) -> str:
        """What a form has to send along; bound to the cookie."""
        return hmac.new(self._key.encode(), identity.nonce.encode(), "sha256").hexdigest()

    def authorize(self, identity: Identity, scope: str, req: Request) -> None:
        """Raises Forbidden for a missing scope, or a change of state that a page forged."""
        if scope not in identity.scopes:
            raise Forbidden(f"This needs the scope {scope!r}.")
        if identity.via != "token" and req.method not in SAFE_METHODS:
            self.require_origin(req)
            self._require_csrf(identity, req)

    @staticmethod
    def require_origin(req: Request) -> None:
        """A browser says where a form came from: it must be from here. Raises Forbidden."""
        origin = req.headers.get("Origin")
        site = req.headers.get("Sec-Fetch-Site")
        if site not in (None, "same-origin", "none"):
            raise Forbidden("This request comes from another site.")
        if origin is not None and _netloc(origin) != req.host:
            raise Forbidden("This request comes from another site.")

    def _require_csrf(self, identity: Identity, req: Request) -> None:
        if identity.via == "auth" and req.mimetype == "application/json":
            return  # no page of another site can send that without being asked first
        given = req.headers.get("X-CSRF-Token") or req.form.get("csrf_token", "")
        expected = self.csrf_token(identity)
        if not identity.nonce or not hmac.compare_digest(given.encode(), expected.encode()):
            raise Forbidden("This form has expired. Reload the page and try again.")

    def require_host(self, req: Request) -> None:
        """Raises Forbidden for a host name that was not allowed."""
        if self.config.hosts and host_name(req.host) not in self.config.hosts:
            raise Forbidden("This host name is not in HEAPVIEW_HOSTS.")


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as an open bracket
        return None


def log_attempt(req: Request, outcome: str, via: str, status: int) -> None:
    """A line in the audit log for every attempt, without a value of anybody's."""
    level = logging.INFO if status < 400 else logging.WARNING
    audit.log(
        level,
        "%s %s from %s by %s: %s (%d)",
        req.method,
        clean(req.path),
        clean(req.remote_addr or "?"),
        via,
        outcome,
        status,
    )


HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}

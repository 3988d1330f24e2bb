"""Signing in and out: by the token that was set, for a browser's cookie."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from ..errors import HeapViewError, NotFound, Unauthorized
from .frame import back, page
from .guard import access, identity, service, with_wait
from .links import url_for


def login_form() -> Response:
    """The form."""
    if service().config.auth is not None:
        raise NotFound("Sign in through the app. This page has no sign-in of its own.")
    return page("login.html", error="", following=_following())


def sign_in() -> BaseResponse:
    """Begins a session for who has the token."""
    here = service()
    if here.config.auth is not None:
        raise NotFound("Sign in through the app. This page has no sign-in of its own.")
    access().require_origin(request)
    try:
        token = request.form.get("token", "").strip()
        access().verify_token(token, request.remote_addr or "?")
    except HeapViewError as error:
        if not isinstance(error, Unauthorized) and error.status != 429:
            raise
        form = page("login.html", error.status, error=error.detail, following=_following())
        return with_wait(form, error.figures)
    response = redirect(_following(), 303)
    access().sign_in(response)
    return response


def _following() -> str:
    """Where to go after the sign-in: a path of ours, whatever the address says."""
    wanted = request.values.get("next", "")
    own = url_for(".overview")
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return own
    plain = not parts.scheme and not parts.netloc and wanted.startswith(own)
    return wanted if plain and "\\" not in wanted and wanted.isprintable() else own


def sign_out() -> BaseResponse:
    """Ends the session."""
    response = back("login")
    access().sign_out(response, identity())
    return response

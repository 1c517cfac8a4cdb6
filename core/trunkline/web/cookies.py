"""Cookies: the session's, and the anonymous one that carries CSRF protection before anybody is signed in."""

import secrets

from starlette.requests import Request
from starlette.responses import Response

SECURE_NAME = "__Host-trunkline"
PLAIN_NAME = "trunkline_session"
ANONYMOUS_NAME = "trunkline_anonymous"
#: A neighbouring host cannot plant a cookie of this name.
SECURE_ANONYMOUS_NAME = "__Host-trunkline_anonymous"
TOAST_NAME = "trunkline_toast"
SECURE_TOAST_NAME = "__Host-trunkline_toast"
#: Seconds that the message of one page waits for the next.
_TOAST_WAITS = 30


def is_secure(request: Request) -> bool:
    """Whether the browser reached us by https (a trusted proxy's word counts; uvicorn has applied it)."""
    return bool(request.scope["scheme"] == "https")


def session_token(request: Request) -> str:
    """The token the browser sent. Under https only the `__Host-` cookie counts."""
    return request.cookies.get(SECURE_NAME if is_secure(request) else PLAIN_NAME, "")


def set_session(response: Response, request: Request, token: str) -> None:
    """Give the browser its session; it ends with the browser, and on the server before that."""
    secure = is_secure(request)
    response.set_cookie(
        SECURE_NAME if secure else PLAIN_NAME, token, httponly=True, samesite="lax", secure=secure, path="/"
    )


def clear_session(response: Response, request: Request) -> None:
    """Take the session cookie away."""
    secure = is_secure(request)
    response.delete_cookie(
        SECURE_NAME if secure else PLAIN_NAME, httponly=True, samesite="lax", secure=secure, path="/"
    )


def anonymous_name(request: Request) -> str:
    """What the anonymous cookie is called: under https only the `__Host-` cookie counts."""
    return SECURE_ANONYMOUS_NAME if is_secure(request) else ANONYMOUS_NAME


def anonymous_secret(request: Request) -> str:
    """The CSRF secret of a browser that is not signed in; fresh when it has none."""
    return request.cookies.get(anonymous_name(request)) or secrets.token_urlsafe(24)


def keep_anonymous(response: Response, request: Request, secret: str) -> None:
    """Let the browser keep its anonymous secret."""
    name = anonymous_name(request)
    if request.cookies.get(name) != secret:
        response.set_cookie(name, secret, httponly=True, samesite="lax", secure=is_secure(request), path="/")


def _toast_name(request: Request) -> str:
    return SECURE_TOAST_NAME if is_secure(request) else TOAST_NAME


def toast(request: Request) -> str:
    """The signed message that the page before left for this one."""
    return request.cookies.get(_toast_name(request), "")


def keep_toast(response: Response, request: Request, value: str) -> None:
    """Leave a signed message for the next page."""
    response.set_cookie(
        _toast_name(request),
        value,
        max_age=_TOAST_WAITS,
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
        path="/",
    )


def clear_toast(response: Response, request: Request) -> None:
    """The message was shown."""
    response.delete_cookie(
        _toast_name(request), httponly=True, samesite="lax", secure=is_secure(request), path="/"
    )

"""Two cookies beside the session's: of a sign-in between password and code, and of a browser that is remembered."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from trunkline.auth.second_factor import steps
from trunkline.web.cookies import is_secure

_STEP = "trunkline_step"
_DEVICE = "trunkline_device"


def _name(request: Request, word: str) -> str:
    return f"__Host-{word}" if is_secure(request) else word


def _set(response: Response, request: Request, word: str, token: str, life: timedelta) -> None:
    response.set_cookie(
        _name(request, word),
        token,
        max_age=int(life.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
        path="/",
    )


def step_token(request: Request) -> str:
    """The token of the sign-in that waits for its second factor."""
    return request.cookies.get(_name(request, _STEP), "")


def set_step(response: Response, request: Request, token: str) -> None:
    """Let the browser go on to the second factor."""
    _set(response, request, _STEP, token, steps.LIFETIME)


def clear_step(response: Response, request: Request) -> None:
    """The second factor was shown, or the step is over."""
    response.delete_cookie(
        _name(request, _STEP), httponly=True, samesite="lax", secure=is_secure(request), path="/"
    )


def device_token(request: Request) -> str:
    """The token of a browser that may be remembered."""
    return request.cookies.get(_name(request, _DEVICE), "")


def set_device(response: Response, request: Request, token: str, days: int) -> None:
    """Let the browser be recognised for `days` days."""
    _set(response, request, _DEVICE, token, timedelta(days=days))

"""What the browser keeps between the way there and the way back: sealed, for these pages only, for a short while."""

from starlette.requests import Request
from starlette.responses import Response

from trunkline import secrets
from trunkline.errors import ConfigError
from trunkline.web.cookies import is_secure
from trunkline_oidc.flow import Flow

_FLOW, _ID_TOKEN = "trunkline_oidc", "trunkline_oidc_id"
#: Seconds in which the person has to come back.
LIFETIME = 600
#: Browsers drop cookies above four thousand bytes; without the token the provider asks before it signs out.
_LONGEST = 3800


def keep_flow(response: Response, request: Request, flow: Flow) -> None:
    """Let the browser keep the sign-in under way."""
    _set(response, request, _FLOW, flow.to_text(), LIFETIME)


def flow_of(request: Request, now: int) -> Flow | None:
    """The sign-in under way in this browser; None when there is none, or it took too long."""
    text = _get(request, _FLOW)
    flow = Flow.from_text(text) if text else None
    return flow if flow is not None and flow.started + LIFETIME > now else None


def forget_flow(response: Response, request: Request) -> None:
    """The sign-in is over: what came back works once."""
    _drop(response, request, _FLOW)


def keep_id_token(response: Response, request: Request, token: str) -> None:
    """Let the browser keep what the provider wants to see when signing out."""
    _set(response, request, _ID_TOKEN, token, None)


def id_token_of(request: Request) -> str:
    """The ID token of this browser's sign-in, or nothing."""
    return _get(request, _ID_TOKEN)


def forget_id_token(response: Response, request: Request) -> None:
    """Nobody is signed in any more."""
    _drop(response, request, _ID_TOKEN)


def _set(response: Response, request: Request, name: str, text: str, seconds: int | None) -> None:
    sealed = secrets.seal(text, bound_to=f"cookie:{name}")
    if len(sealed) <= _LONGEST:
        response.set_cookie(
            name,
            sealed,
            max_age=seconds,
            httponly=True,
            samesite="lax",
            secure=is_secure(request),
            path="/oidc",
        )


def _get(request: Request, name: str) -> str:
    try:
        return secrets.unseal(request.cookies[name], bound_to=f"cookie:{name}")
    except (KeyError, ValueError, ConfigError):
        return ""


def _drop(response: Response, request: Request, name: str) -> None:
    response.delete_cookie(name, httponly=True, samesite="lax", secure=is_secure(request), path="/oidc")

"""The way there and back: authorization code with PKCE (RFC 7636), state and nonce, and the proof that comes with it."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trunkline.errors import Refused, Unauthenticated, Unavailable
from trunkline.i18n import gettext as _
from trunkline_oidc.discovery import LATELY, Discovery
from trunkline_oidc.settings import OidcSettings

if TYPE_CHECKING:
    from trunkline.app import App

#: Signatures by a key that only the provider has; “none” and shared secrets prove nothing here.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
#: Seconds that the provider's clock may differ.
_LEEWAY = 60


@dataclass(frozen=True)
class Flow:
    """One sign-in under way, kept by the browser in a sealed cookie. `again`: somebody signed in confirms who they are."""

    state: str
    nonce: str
    verifier: str
    started: int
    next: str = ""
    again: bool = False

    def to_text(self) -> str:
        """For the cookie."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Flow":
        """From the cookie, whose seal was checked."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Identity:
    """Who the provider says somebody is. `claims` are those of the ID token, completed by those of the userinfo endpoint."""

    claims: Mapping[str, Any]
    id_token: str


def begin(
    app: "App", settings: OidcSettings, callback: str, now: int, next_page: str, *, again: bool
) -> tuple[str, Flow]:
    """Where to send the browser, and what has to come back. Raises Unavailable when the provider does not answer."""
    metadata = app.part(Discovery).of(settings, at_most=LATELY)
    flow = Flow(
        secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), now, next_page, again
    )
    more = {"prompt": "login", "max_age": "0"} if again else {}
    with _client(settings, callback) as client:
        address, _state = client.create_authorization_url(
            metadata["authorization_endpoint"],
            state=flow.state,
            nonce=flow.nonce,
            code_verifier=flow.verifier,
            **more,
        )
    return str(address), flow


def finish(
    app: "App", settings: OidcSettings, callback: str, flow: Flow, answer: Mapping[str, str], now: int
) -> Identity:
    """Who came back with this answer.

    Raises Unauthenticated when the provider refused or its answer does not fit the flow, Unavailable when it does not answer.
    """
    import httpx2
    from authlib.integrations.base_client import OAuthError
    from joserfc.errors import JoseError

    discovery = app.part(Discovery)
    metadata = discovery.of(settings)
    # RFC 9207: an answer of another provider must not be taken to this one.
    named = answer.get("iss", "").rstrip("/")
    must_name = metadata.document.get("authorization_response_iss_parameter_supported") is True
    if not secrets.compare_digest(answer.get("state", ""), flow.state) or (
        (named or must_name) and named != settings.issuer
    ):
        raise Unauthenticated(_("This answer belongs to another sign-in."), remedy=_("Sign in again."))
    if "code" not in answer:
        reason = answer.get("error_description") or answer.get("error") or _("it gives no reason")
        raise Unauthenticated(
            _("The identity provider did not let you in: {reason}.", reason=reason[:200].rstrip(".")),
            remedy=_("Try again, or ask an administrator."),
        )
    try:
        with _client(settings, callback) as client:
            token = client.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=answer["code"],
                code_verifier=flow.verifier,
            )
            claims = _verified(discovery, settings, token, flow)
            endpoint = metadata.get("userinfo_endpoint")
            if endpoint and token.get("access_token"):
                claims = _completed(claims, client.get(endpoint))
    except (OAuthError, JoseError, ValueError, KeyError) as error:
        raise Unauthenticated(
            _("The identity provider's answer cannot be accepted: {reason}.", reason=_plain(error)),
            remedy=_("Sign in again; if it stays so, ask an administrator to check the settings."),
        ) from error
    except httpx2.HTTPError as error:
        raise Unavailable(_plain(error)) from error
    if flow.again and int(claims.get("auth_time") or 0) < flow.started - _LEEWAY:
        raise Unauthenticated(
            _("The identity provider did not ask who you are once more."),
            remedy=_("Sign out and in again."),
        )
    return Identity(claims, str(token["id_token"]))


def check_client(app: "App", settings: OidcSettings, callback: str) -> None:
    """Offer the provider a code that it never gave, to hear whether it knows this client and its secret (RFC 6749, 5.2).

    Raises Refused when it does not, Unavailable when it does not answer. Nobody is signed in and nothing is changed there.
    """
    import httpx2
    from authlib.integrations.base_client import OAuthError

    made_up = {"code": secrets.token_urlsafe(24), "code_verifier": secrets.token_urlsafe(48)}
    endpoint = Discovery(app).of(settings)["token_endpoint"]
    try:
        with _client(settings, callback) as client:
            client.fetch_token(endpoint, grant_type="authorization_code", **made_up)
    except OAuthError as error:
        if error.error in ("invalid_client", "unauthorized_client"):
            raise Refused(
                _("It refuses client ID and secret: {reason}.", reason=_plain(error)),
                remedy=_(
                    "Enter both again as they stand there. A client without a secret has none here either."
                ),
            ) from error
    except (httpx2.HTTPError, ValueError) as error:
        raise Unavailable(_plain(error)) from error


def end_session_address(app: "App", settings: OidcSettings, id_token: str, back: str) -> str:
    """Where the provider signs people out (OpenID Connect RP-Initiated Logout 1.0); empty when it does not offer it."""
    from authlib.common.urls import add_params_to_uri

    try:
        endpoint = app.part(Discovery).of(settings).get("end_session_endpoint")
    except Unavailable:
        return ""
    if not endpoint:
        return ""
    hint = {"id_token_hint": id_token} if id_token else {}
    wanted = {**hint, "client_id": settings.client_id, "post_logout_redirect_uri": back}
    return str(add_params_to_uri(endpoint, wanted.items()))


def _client(settings: OidcSettings, callback: str) -> Any:
    from authlib.integrations.httpx_client import OAuth2Client

    secret = settings.client_secret.get_secret_value()
    return OAuth2Client(
        settings.client_id,
        secret or None,
        token_endpoint_auth_method=None if secret else "none",
        scope=settings.scopes,
        redirect_uri=callback,
        code_challenge_method="S256",
        timeout=settings.timeout_seconds,
    )


def _verified(
    discovery: Discovery, settings: OidcSettings, token: Mapping[str, Any], flow: Flow
) -> dict[str, Any]:
    """The claims of the ID token, its signature and all that OpenID Connect Core 1.0, 3.1.3.7, asks for checked."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)

    def decoded(*, fresh: bool) -> jwt.Token:
        keys = KeySet.import_key_set(discovery.keys(settings, fresh=fresh))  # type: ignore[arg-type]  # JSON
        return jwt.decode(str(token["id_token"]), keys, registry=registry)

    try:
        found = decoded(fresh=False)
    except InvalidKeyIdError:
        # The provider has changed its keys.
        found = decoded(fresh=True)
    claims = CodeIDToken(
        found.claims,
        found.header,
        {
            "iss": {"essential": True, "values": [discovery.of(settings)["issuer"]]},
            "aud": {"essential": True, "value": settings.client_id},
        },
        {
            "nonce": flow.nonce,
            "client_id": settings.client_id,
            "access_token": token.get("access_token"),
        },
    )
    claims.validate(leeway=_LEEWAY)
    return dict(claims)


def _completed(claims: dict[str, Any], answer: Any) -> dict[str, Any]:
    """The claims with those of the userinfo endpoint, which must be about the same person (Core 1.0, 5.3.2)."""
    answer.raise_for_status()
    more = answer.json()
    if more.get("sub") != claims["sub"]:
        raise ValueError(_("its userinfo is about somebody else"))
    return {**more, **claims}


def _plain(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__

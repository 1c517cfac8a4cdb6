"""Passkeys (W3C Web Authentication Level 3): a key in the phone, computer or token that signs a challenge for this host."""

import ipaddress
import json
from dataclasses import dataclass
from secrets import token_bytes as _random
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlmodel import col
from starlette.requests import Request

from trunkline.auth.models import User
from trunkline.auth.second_factor import steps
from trunkline.auth.second_factor.models import Passkey
from trunkline.auth.second_factor.steps import Purpose, Step
from trunkline.errors import Refused, Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Context

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

_ = gettext

#: What a browser has to sign is this long (WebAuthn, 13.4.3 asks for 16 at least).
_CHALLENGE_BYTES = 32
#: Says nothing about the user, for authenticators show it to whoever asks (14.6.1).
_HANDLE_BYTES = 24
_MOST_PER_USER = 20


@dataclass(frozen=True)
class Place:
    """Where a passkey works: the host, and the origin that browsers state."""

    host: str
    origin: str


@dataclass(frozen=True)
class Ceremony:
    """What the browser needs to ask its authenticator, and the token that the answer comes back with."""

    options: dict[str, Any]
    token: str


def place_of(request: Request) -> Place | None:
    """The place under which this request reached us; None where browsers know no passkeys.

    They want a name, not a network address, and https, except on `localhost` (WebAuthn, 5.1.3 and 5).
    """
    host = request.url.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        secure = request.url.scheme == "https" or host == "localhost" or host.endswith(".localhost")
        return Place(host, f"{request.url.scheme}://{request.url.netloc}") if host and secure else None
    return None


def begin_registration(ctx: Context, user: User, place: Place) -> Ceremony:
    """Ask an authenticator for a new key. Raises Refused when the user has very many."""
    from webauthn import generate_registration_options
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    known = _keys_of(ctx, user.key, place)
    if len(known) >= _MOST_PER_USER:
        raise Refused(_("You have very many passkeys."), remedy=_("Remove one that you do not use."))
    options = generate_registration_options(
        rp_id=place.host,
        rp_name=ctx.app.config.operator_name,
        user_id=_bytes(known[0].user_handle) if known else _random(_HANDLE_BYTES),
        user_name=user.email or user.name,
        user_display_name=user.name,
        challenge=_random(_CHALLENGE_BYTES),
        exclude_credentials=[_descriptor(key) for key in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    # The handle has to be known when the answer comes, and the answer does not repeat it.
    method = _text(options.user.id)
    return _ceremony(ctx, options, Purpose.NEW_PASSKEY, user.key, method)


def register(ctx: Context, user: User, place: Place, *, token: str, credential: str, name: str) -> Passkey:
    """The passkey that an authenticator made, verified but not added. Raises Refused when it does not fit."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    step = steps.find(ctx.session, token, ctx.now(), Purpose.NEW_PASSKEY)
    if step is None or step.user_id != user.key or not steps.complete(ctx, step):
        raise Refused(_("That took too long."), remedy=_("Begin again."))
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=_bytes(step.passkey_challenge),
            expected_rp_id=place.host,
            expected_origin=place.origin,
        )
        transports = json.loads(credential).get("response", {}).get("transports") or []
    except (WebAuthnException, ValueError) as error:
        raise Refused(_("The passkey could not be verified."), remedy=_("Try again.")) from error
    key = _text(verified.credential_id)
    if ctx.session.scalar(select(col(Passkey.id)).where(col(Passkey.credential_id) == key)) is not None:
        raise Refused(_("This passkey is known already."))
    return Passkey(
        user_id=user.key,
        name=name,
        credential_id=key,
        public_key=_text(verified.credential_public_key),
        user_handle=step.method,
        host=place.host,
        sign_count=verified.sign_count,
        transports=[str(item)[:20] for item in transports[:8]],
        is_synced=verified.credential_backed_up,
        created_at=ctx.now(),
    )


def begin_sign_in(ctx: Context, place: Place, user_id: int | None = None, *, alone: bool = False) -> Ceremony:
    """Ask for any passkey of this host, or for one of a user's, which is a second factor unless it stands `alone`."""
    from webauthn import generate_authentication_options
    from webauthn.helpers.structs import UserVerificationRequirement

    known = _keys_of(ctx, user_id, place) if user_id is not None else []
    wanted = (
        UserVerificationRequirement.REQUIRED if user_id is None else UserVerificationRequirement.PREFERRED
    )
    options = generate_authentication_options(
        rp_id=place.host,
        challenge=_random(_CHALLENGE_BYTES),
        allow_credentials=[_descriptor(key) for key in known],
        user_verification=wanted,
    )
    return _ceremony(ctx, options, Purpose.PASSKEY, user_id, "")


def verify(ctx: Context, place: Place, step: Step, credential: str, *, alone: bool = False) -> Passkey:
    """The passkey that signed the step's challenge; its counter goes on.

    A passkey that stands alone must have verified its holder by finger, face or PIN, so that it is two factors in one. Raises
    Unauthenticated when anything does not fit.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    passkey, handle = _claimed(ctx, place, credential)
    if step.user_id and passkey.user_id != step.user_id:
        raise _unknown()
    if handle and handle != passkey.user_handle:
        raise _unknown()
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=_bytes(step.passkey_challenge),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=alone or not step.user_id,
        )
    except (WebAuthnException, ValueError) as error:
        raise _unknown() from error
    ctx.session.execute(
        update(Passkey)
        .where(col(Passkey.id) == passkey.key)
        .values(
            sign_count=verified.new_sign_count,
            is_synced=verified.credential_backed_up,
            last_used_at=ctx.now(),
        )
    )
    return passkey


def _claimed(ctx: Context, place: Place, credential: str) -> tuple[Passkey, str]:
    """The passkey that an answer claims to be, not verified yet, and whom its authenticator takes the user for."""
    try:
        read = json.loads(credential)
        key, handle = str(read["id"]), str(read["response"].get("userHandle") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unknown() from error
    passkey = ctx.session.scalars(
        select(Passkey).where(col(Passkey.credential_id) == key, col(Passkey.host) == place.host)
    ).one_or_none()
    if passkey is None:
        raise _unknown()
    return passkey, handle


def _unknown() -> Unauthenticated:
    return Unauthenticated(
        _("This passkey is not accepted."), remedy=_("Take another one, or sign in with your password.")
    )


def _keys_of(ctx: Context, user_id: int, place: Place) -> list[Passkey]:
    return list(
        ctx.session.scalars(
            select(Passkey).where(col(Passkey.user_id) == user_id, col(Passkey.host) == place.host)
        )
    )


def _ceremony(ctx: Context, options: Any, purpose: Purpose, user_id: int | None, method: str) -> Ceremony:
    from webauthn import options_to_json

    token = steps.begin(
        ctx, purpose, user_id=user_id, method=method, passkey_challenge=_text(options.challenge)
    )
    return Ceremony(json.loads(options_to_json(options)), token)


def _descriptor(passkey: Passkey) -> "PublicKeyCredentialDescriptor":
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    known = {item.value: item for item in AuthenticatorTransport}
    return PublicKeyCredentialDescriptor(
        id=_bytes(passkey.credential_id),
        transports=[known[name] for name in passkey.transports if name in known] or None,
    )


def _text(raw: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(raw)


def _bytes(text: str) -> bytes:
    from webauthn.helpers import base64url_to_bytes

    return base64url_to_bytes(text)

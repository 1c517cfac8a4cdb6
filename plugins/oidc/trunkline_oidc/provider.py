"""The button on the sign-in page, and the account that follows from what the identity provider says."""

from collections.abc import Mapping
from typing import Any

from trunkline.auth.directories import DirectoryPerson, Welcome, take_in
from trunkline.auth.role_map import roles_for
from trunkline.auth.sign_in import Proof
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.providers import SignInOffer
from trunkline_oidc.settings import OidcSettings

ORIGIN = "oidc"
BEGIN, CALLBACK, FAREWELL = "/oidc/sign-in", "/oidc/callback", "/oidc/signed-out"


class OidcProvider:
    """`trunkline.providers.RedirectingProvider` of the issuer that the settings name."""

    name = ORIGIN

    def offer(self, ctx: Context) -> SignInOffer | None:
        """The button, once issuer and client are entered."""
        settings = ctx.settings(OidcSettings)
        if not settings.is_set_up:
            return None
        label = settings.label or _("your organisation's account")
        return SignInOffer(
            _("Sign in with {provider}", provider=label), BEGIN, icon="login", farewell=FAREWELL
        )


def proof_of(ctx: Context, settings: OidcSettings, claims: Mapping[str, Any]) -> Proof:
    """The account of whom these claims are about, made or brought up to date, and how strongly they are proved.

    Raises Refused for people without a role here, and as `directories.take_in`.
    """
    roles = roles_for(
        groups_in(claims, settings.groups_claim), settings.roles_by_group, settings.fallback_role
    )
    if not roles:
        raise Refused(
            _("You are in no group of the identity provider that may work here."),
            remedy=_("Ask an administrator."),
        )
    verified = claims.get("email_verified")
    if verified is False:
        raise Refused(
            _("The identity provider has not verified your e-mail address."),
            remedy=_("Verify it there, then sign in again."),
        )
    email = str(claims.get("email") or "")
    name = str(claims.get("name") or claims.get("preferred_username") or email.partition("@")[0])
    person = DirectoryPerson(ORIGIN, str(claims["sub"])[:200], email, name, roles)
    user = take_in(
        ctx, person, Welcome(create=settings.create_users, link=settings.link_by_email and verified is True)
    )
    return Proof(user.key, method=ORIGIN, strong=is_strong(settings, claims))


def is_strong(settings: OidcSettings, claims: Mapping[str, Any]) -> bool:
    """Whether the provider asked for what the operator takes for a second factor."""
    methods = claims.get("amr")
    shown = {str(method) for method in methods} if isinstance(methods, list) else set()
    return bool(shown & set(settings.trusted_amr.split())) or str(claims.get("acr") or "") in (
        settings.trusted_acr.split()
    )


def groups_in(claims: Mapping[str, Any], path: str) -> list[str]:
    """The groups that a claim names; dots lead into nested claims where there is no claim of the whole name."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for word in path.split("."):
            found = found.get(word) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return [found]
    return [str(group) for group in found] if isinstance(found, list) else []

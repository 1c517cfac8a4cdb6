"""Proving who somebody is by e-mail and password (or by a provider that a plugin brings)."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlmodel import col

from trunkline.access.roles import acting_as
from trunkline.auth import sessions, tokens
from trunkline.auth.digest import digest
from trunkline.auth.models import User
from trunkline.auth.passwords import hashing
from trunkline.auth.second_factor import devices
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.throttle import SignInThrottle
from trunkline.db.prepared import PreparedObject
from trunkline.errors import Unauthenticated, Unavailable
from trunkline.i18n import gettext
from trunkline.operation import SYSTEM, Context
from trunkline.providers import SignInProvider
from trunkline.settings.core import CoreSettings
from trunkline.web.turns import aside, give_way

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext


_BY_EMAIL = PreparedObject(User, "email")


@dataclass(frozen=True)
class Proof:
    """Somebody showed who they are, by `method` (kept with the session).

    `fresh_hash` replaces a password hash whose parameters are out of date. `strong`: two factors were shown, or whoever
    vouches (a directory with codes of its own) asks for them.
    """

    user_id: int
    fresh_hash: str | None = None
    method: str = "password"
    strong: bool = False


def prove(app: "App", email: str, password: str, facts: RequestFacts, *, device_token: str = "") -> Proof:
    """Who has this e-mail address and password. `device_token` is the browser's, if it may be remembered.

    Raises TooManyRequests when the account or the address has tried too often, Unauthenticated otherwise:
    with the same words and after the same time, whether the account is unknown, disabled, or the password wrong.
    Opens its own units of work, so that hashing holds no lock and the failure is on record.
    """
    email = email.strip().lower()
    throttle = app.part(SignInThrottle)
    with app.reading() as ctx:
        settings, browser = ctx.settings(CoreSettings), _known_browser(ctx, email, device_token)
    throttle.admit(
        email,
        facts.address,
        per_account=settings.attempts_per_account,
        per_address=settings.attempts_per_address,
        browser=browser,
    )
    give_way()
    with app.reading() as ctx:
        user = _BY_EMAIL.first(ctx.connection(), email)
        proof = _verified(user, password)
    words = _Words(
        _("The e-mail address or the password is wrong."), _("Check both, or ask for a new password.")
    )
    if proof is None:
        proof, words = _vouched(app, email, password, words)
    if proof is None:
        throttle.failed(facts.address, per_address=settings.attempts_per_address)
        _record_failure(app, email, user, facts)
        raise Unauthenticated(words.message, remedy=words.remedy)
    throttle.succeeded(email, browser)
    give_way()
    return proof


@dataclass(frozen=True)
class _Words:
    """What is said to whom nobody vouches for."""

    message: str
    remedy: str | None


def _known_browser(ctx: Context, email: str, token: str) -> str:
    """What the browser is called in counts when it is remembered for this account; empty otherwise."""
    key = ctx.session.scalar(select(col(User.id)).where(col(User.email) == email)) if token else None
    return digest(token)[:16] if key is not None and devices.is_remembered(ctx, key, token) else ""


def _verified(user: User | None, password: str) -> Proof | None:
    """Who the password kept here proves. Whom a directory keeps has none that counts."""
    kept = user.password_hash if user is not None and not user.origin else None
    with aside():
        right = hashing().verify(kept, password)
    if right and kept and user is not None and user.is_active:
        return Proof(user.key, hashing().hash(password) if hashing().is_outdated(kept) else None)
    return None


def _vouched(app: "App", name: str, secret: str, words: _Words) -> tuple[Proof | None, _Words]:
    """Who the first provider proves that knows the name and secret; else what to say."""
    for plugin, provider in app.hooks.gather("sign_in_providers"):
        if not isinstance(provider, SignInProvider):
            continue
        try:
            with aside():
                vouched = provider.verify(app, name, secret)
        except Unauthenticated as error:
            return None, _Words(error.message, error.remedy)
        except Unavailable:
            # Whoever asks is told so, known or not.
            words = _Words(
                _("The e-mail address or the password is wrong, or the directory does not answer just now."),
                _("Try again in a few minutes."),
            )
            continue
        except Exception as error:  # a plugin's code may raise anything
            app.hooks.failed(plugin, f"sign-in provider {provider.name}", error)
            continue
        if vouched is not None:
            return Proof(vouched.user_id, method=provider.name, strong=vouched.strong), words
    return None, words


def _record_failure(app: "App", email: str, user: User | None, facts: RequestFacts) -> None:
    somebody = replace(SYSTEM, name="anonymous", address=facts.address)
    with (
        app.unit_of_work(somebody, request_id=facts.request_id) as ctx,
        ctx.run("core.user.sign_in_failed"),
    ):
        ctx.note(user, label=email[:200], email=email[:200])


def open_session(app: "App", proof: Proof, facts: RequestFacts) -> str:
    """Begin a browser session for a user who was proved by all that is asked for; returns the cookie's token."""
    with app.unit_of_work() as ctx:
        return start_session(ctx, proof, facts)


def start_session(ctx: Context, proof: Proof, facts: RequestFacts) -> str:
    """As `open_session`, within the caller's unit of work."""
    return sessions.start(ctx, arrived(ctx, proof, facts), facts, method=proof.method, strong=proof.strong)


def open_tokens(app: "App", proof: Proof, facts: RequestFacts) -> tokens.TokenPair:
    """Begin a family of REST tokens for a user who was proved."""
    with app.unit_of_work() as ctx:
        return tokens.issue(ctx, arrived(ctx, proof, facts), facts)


def arrived(ctx: Context, proof: Proof, facts: RequestFacts) -> User:
    """The user, noted as signed in now. Raises Unauthenticated when disabled in the meantime."""
    user = ctx.session.get(User, proof.user_id)
    if user is None or not user.is_active:
        raise Unauthenticated(_("This account is disabled."), remedy=_("Ask an administrator."))
    ctx.request_id = ctx.request_id or facts.request_id
    with acting_as(ctx, user, facts.address), ctx.run("core.user.sign_in"):
        ctx.note(user, label=user.email or user.name, method=proof.method)
    values: dict[str, object] = {"last_sign_in_at": ctx.now()}
    if proof.fresh_hash is not None:
        values["password_hash"] = proof.fresh_hash
    # Past the ORM on purpose: signing in must not make an administrator's open form out of date.
    ctx.session.execute(update(User).where(col(User.id) == user.key).values(**values))
    return user

"""Trying the connections that settings set up, from a button on their page: what happened is said in words, and no secret."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from trunkline.errors import NotFound, TooManyRequests, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import ConnectionCheck

if TYPE_CHECKING:
    from trunkline.app import App

_MASK = "•••"
#: Shorter values are words that a message may hold anyway.
_SHORTEST_SECRET = 4
_A_MINUTE = 10


@dataclass(frozen=True)
class Tried:
    """How a connection was: `message` in words, `remedy` what to do where it failed."""

    name: str
    label: str
    works: bool
    message: str
    remedy: str = ""


def checks_of(app: "App", owner: str) -> list[ConnectionCheck]:
    """The connections that the settings of `owner` set up."""
    return app.part(_Checks).by_owner.get(owner, [])


def attempt(ctx: Context, owner: str, name: str) -> Tried:
    """Try one connection now, which may take some seconds; needs no unit of work that writes.

    Raises NotFound for an unknown one, and TooManyRequests when the person tried ten times within a minute or the same
    connection is being tried.
    """
    check = next((one for one in checks_of(ctx.app, owner) if one.name == name), None)
    if check is None:
        raise NotFound(_("There is no such connection to test."))
    with ctx.app.part(_Turns).turn(f"{owner}/{name}", ctx.actor.id):
        tried = _tried(ctx, check)
    tried = Tried(
        tried.name, tried.label, tried.works, *(_masked(ctx, t) for t in (tried.message, tried.remedy))
    )
    with (
        ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, on_behalf_of=ctx.on_behalf_of) as writing,
        writing.run("core.settings.test"),
    ):
        writing.note(None, label=str(check.label), works=tried.works, answer=tried.message)
    return tried


def _tried(ctx: Context, check: ConnectionCheck) -> Tried:
    label = str(_(check.label))
    try:
        return Tried(check.name, label, True, str(check.run(ctx)))
    except TrunklineError as error:
        return Tried(check.name, label, False, str(error.message), str(error.remedy or ""))
    except Exception as error:  # a plugin's code may raise anything
        return Tried(check.name, label, False, f"{type(error).__name__}: {error}"[:300])


def _masked(ctx: Context, text: str) -> str:
    for secret in sorted(_secrets(ctx), key=len, reverse=True):
        text = text.replace(secret, _MASK)
    return text


def _secrets(ctx: Context) -> set[str]:
    """Every secret of settings and configuration that a message could repeat."""
    config = ctx.app.config
    found = {config.mail.password, urlsplit(config.redis).password or ""}
    for plugin in ctx.app.plugins:
        if plugin.settings is not None:
            values = vars(ctx.settings(plugin.settings)).values()
            found |= {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    return {secret for secret in found if len(secret) >= _SHORTEST_SECRET}


class _Checks:
    def __init__(self, app: "App") -> None:
        self.by_owner: dict[str, list[ConnectionCheck]] = {}
        for plugin, check in app.hooks.gather("connection_checks", ConnectionCheck):
            self.by_owner.setdefault(plugin, []).append(check)


class _Turns:
    """One attempt of a connection at a time, and ten a minute for one person, in this process."""

    def __init__(self, app: "App") -> None:
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._times: dict[int | None, deque[float]] = {}

    def turn(self, what: str, person: int | None) -> "_Turn":
        """Begin; the result ends it. Raises TooManyRequests."""
        now = time.monotonic()
        with self._lock:
            times = self._times.setdefault(person, deque())
            while times and times[0] < now - 60:
                times.popleft()
            if what in self._running or len(times) >= _A_MINUTE:
                raise TooManyRequests(
                    _("Connections were tested too often, or this one is being tested."),
                    remedy=_("Try again in a minute."),
                )
            times.append(now)
            self._running.add(what)
        return _Turn(self, what)

    def end(self, what: str) -> None:
        """Let others try."""
        with self._lock:
            self._running.discard(what)


@dataclass(frozen=True)
class _Turn:
    turns: _Turns
    what: str

    def __enter__(self) -> None:
        """The attempt begins."""

    def __exit__(self, *_error: object) -> None:
        self.turns.end(self.what)

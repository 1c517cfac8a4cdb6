"""Brakes on guessing: per account and per network address, with waits that grow.

Counts lie in the database, or in Redis when the configuration names one and it answers, so that all processes see the same. They
are kept for accounts that do not exist as well: a brake must not tell which addresses are somebody's.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trunkline.auth.counting import TableStorage, at
from trunkline.auth.digest import digest
from trunkline.counts import counts
from trunkline.errors import TooManyRequests
from trunkline.i18n import ngettext

if TYPE_CHECKING:
    from trunkline.app import App

#: Wrong passwords of an address are counted over this long; those of an account for a day or until the right one.
_WINDOW = timedelta(minutes=15)
_DAY = timedelta(days=1)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)
_LINKS_PER_ACCOUNT = 5
_LINKS_PER_ADDRESS = 30
_PASSKEYS_PER_ADDRESS = 300


class SignInThrottle:
    """Counts attempts. One per application: `app.part(SignInThrottle)`.

    Counting is a transaction of its own, so that a refusal does not undo it: call this outside units of work.
    """

    def __init__(self, app: "App") -> None:
        self._clock = app.clock
        self._storage = counts(app, TableStorage(app))

    def admit(
        self, email: str, address: str, *, per_account: int, per_address: int, browser: str = ""
    ) -> None:
        """Count an attempt for the account before it is judged, so that many at once do not slip through.

        Raises TooManyRequests when the account or the address has to wait: the account after `per_account` attempts
        that did not succeed, a minute at first, twice as long after each further one, an hour at most. A `browser` that is
        remembered for this account is counted apart, so that strangers who guess keep nobody out of their own account there.
        """
        name = account_name(email, browser)
        self._check_waits(_address(address), name)
        self._count_attempt(name, per_account)

    def admit_to(self, name: str, *, free: int) -> None:
        """As `admit`, for anything else that is guessed at, such as the codes of one user."""
        self._check_waits(name)
        self._count_attempt(name, free)

    def _count_attempt(self, name: str, free: int) -> None:
        tried = self._storage.incr(_count(name), _seconds(_DAY))
        # Whoever counts the last free attempt begins the wait; of several at once, one.
        if tried >= free and self._storage.incr(_wait(name), _seconds(_growing(tried - free))) > 1:
            self._check_waits(name)

    def succeeded(self, email: str, browser: str = "") -> None:
        """Forget the attempts of an account whose password was right."""
        self.forget(account_name(email, browser))

    def forget(self, name: str) -> None:
        """Forget the attempts under a name of `admit_to`."""
        names = (_count(name), _wait(name))
        if isinstance(self._storage, TableStorage):
            self._storage.clear_all(names)
        else:
            for each in names:
                self._storage.clear(each)

    def failed(self, address: str, *, per_address: int) -> None:
        """Count a wrong password for the address, which waits after `per_address` of them within a quarter of an hour.

        Right ones do not count: an office shares one address.
        """
        name = _address(address)
        if self._storage.incr(_count(name), _seconds(_WINDOW)) < per_address:
            return
        closings = self._storage.incr(f"{_count(name)}/closings", _seconds(_DAY))
        self._storage.incr(_wait(name), _seconds(_growing(closings - 1)))
        self._storage.clear(_count(name))

    def waits_until(self, email: str, *names: str) -> datetime | None:
        """Until when an account, or any of `names`, has to wait; None when it may be tried."""
        accounts = [account_name(email)] if email else []
        return self._last_wait(*accounts, *names)

    def admit_link(self, email: str, address: str) -> bool:
        """Count a request for a mailed link or code; False when the account or the address asked too often."""
        by_address = self._storage.incr(f"sign-in/links-of/{address}", _seconds(_WINDOW))
        if by_address > _LINKS_PER_ADDRESS:
            return False
        return (
            self._storage.incr(f"sign-in/links-to/{digest(email)}", _seconds(_WINDOW)) <= _LINKS_PER_ACCOUNT
        )

    def admit_passkey(self, address: str) -> None:
        """Count a question for a passkey. Raises TooManyRequests when the address has to wait or asks without end."""
        self._check_waits(_address(address))
        name = f"passkeys-of/{address}"
        if self._storage.incr(_count(name), _seconds(_WINDOW)) > _PASSKEYS_PER_ADDRESS:
            raise self._closed(at(self._storage.get_expiry(_count(name))))

    def _check_waits(self, *names: str) -> None:
        if until := self._last_wait(*names):
            raise self._closed(until)

    def _last_wait(self, *names: str) -> datetime | None:
        waits = [_wait(name) for name in names]
        if isinstance(self._storage, TableStorage):
            return self._storage.last_expiry(waits)
        return max(
            (at(self._storage.get_expiry(wait)) for wait in waits if self._storage.get(wait)), default=None
        )

    def _closed(self, until: datetime) -> TooManyRequests:
        minutes = max(1, -int(-(until - self._clock()).total_seconds() // 60))
        return TooManyRequests(
            ngettext(
                "Too many attempts. Try again in {n} minute.",
                "Too many attempts. Try again in {n} minutes.",
                minutes,
            )
        )


def account_name(email: str, browser: str = "") -> str:
    """Under what name `admit` counts the attempts of an account, for `forget` and `waits_until`."""
    return f"account/{digest(email.strip().lower())}{browser and f'/{browser}'}"


def _address(address: str) -> str:
    return f"address/{address}"


def _count(name: str) -> str:
    return f"sign-in/{name}"


def _wait(name: str) -> str:
    return f"sign-in/wait/{name}"


def _growing(times: int) -> timedelta:
    wait: timedelta = _FIRST_WAIT * 2 ** min(times, 10)
    return min(wait, _LONGEST_WAIT)


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())

"""Connections to the directory: which server answers, TLS with its certificate checked, bound as whom."""

import logging
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trunkline.errors import Unavailable
from trunkline.i18n import gettext as _
from trunkline_ldap.settings import LdapSettings

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
#: A server that did not answer is left alone for so long: others must not wait for it at each sign-in.
_LEFT_ALONE = 15.0


class WrongPassword(Exception):
    """The directory answers that this name and password do not belong together, or that the account is closed."""


def ldap3() -> ModuleType:
    """The library, loaded when a directory is asked for the first time: most processes never do."""
    with warnings.catch_warnings():
        # It names parts of pyasn1 by their former names.
        warnings.simplefilter("ignore", DeprecationWarning)
        import ldap3

    module: ModuleType = ldap3
    return module


class Outages:
    """Which servers did not answer lately. One per application: `app.part(Outages)`."""

    def __init__(self, app: "App") -> None:
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def note(self, address: str) -> None:
        """The server did not answer."""
        with self._lock:
            self._until[address] = time.monotonic() + _LEFT_ALONE

    def lasts(self, address: str) -> bool:
        """Whether the server is to be left alone."""
        with self._lock:
            return self._until.get(address, 0.0) > time.monotonic()


@contextmanager
def searching(
    settings: LdapSettings, outages: Outages | None = None, timeout: float | None = None
) -> Iterator[Any]:
    """A connection bound as the account that searches, to the first server that answers.

    Raises Unavailable, saying of each server why it cannot be used.
    """
    problems = []
    for address in settings.addresses:
        if outages is not None and outages.lasts(address):
            problems.append(f"{address}: {_('did not answer a moment ago')}")
            continue
        try:
            connection = _opened(
                settings, address, settings.bind_dn, settings.bind_password.get_secret_value(), timeout
            )
        except WrongPassword:
            problems.append(f"{address}: {_('refuses the account that searches, or its password')}")
            continue
        except Unavailable as error:
            if outages is not None:
                outages.note(address)
            problems.append(f"{address}: {error.message}")
            continue
        with _closed_at_the_end(connection):
            yield connection
        return
    raise Unavailable(
        "; ".join(problems) or _("No server is named."), remedy=_("See the settings of the plugin LDAP.")
    )


@contextmanager
def _closed_at_the_end(connection: Any) -> Iterator[None]:
    failure = ldap3().core.exceptions.LDAPException
    try:
        yield
    except failure as error:
        raise Unavailable(f"{address_of(connection)}: {plain(error)}") from error
    finally:
        _close(connection)


def check_password(settings: LdapSettings, address: str, dn: str, secret: str) -> bool:
    """Whether the directory accepts this password for the entry. Raises Unavailable when it does not answer."""
    try:
        connection = _opened(settings, address, dn, secret)
    except WrongPassword:
        return False
    _close(connection)
    return True


def address_of(connection: Any) -> str:
    """The server of a connection, as the settings name it."""
    return str(connection.trunkline_address)


def _opened(
    settings: LdapSettings, address: str, user: str, password: str, timeout: float | None = None
) -> Any:
    library, parts = ldap3(), urlsplit(address)
    wait, encrypted = timeout or settings.timeout_seconds, parts.scheme == "ldaps"
    tls = library.Tls()
    tls.wrap_socket = _encryption(settings, parts.hostname or "")
    server = library.Server(
        parts.hostname,
        port=parts.port or (636 if encrypted else 389),
        use_ssl=encrypted,
        tls=tls,
        get_info=library.NONE,
        connect_timeout=wait,
    )
    connection = library.Connection(
        server,
        user=user or None,
        password=password or None,
        raise_exceptions=True,
        auto_referrals=False,
        read_only=True,
        receive_timeout=wait,
    )
    connection.trunkline_address = address
    errors = library.core.exceptions
    try:
        connection.open()
        if not encrypted and settings.start_tls:
            connection.start_tls()
        connection.bind()
    except (
        errors.LDAPInvalidCredentialsResult,
        errors.LDAPInappropriateAuthenticationResult,
        errors.LDAPUnwillingToPerformResult,
        errors.LDAPNoSuchObjectResult,
        errors.LDAPInvalidDNSyntaxResult,
    ) as error:
        _close(connection)
        raise WrongPassword from error
    except (errors.LDAPException, OSError) as error:
        _close(connection)
        raise Unavailable(plain(error)) from error
    return connection


def _encryption(settings: LdapSettings, host: str) -> Callable[..., None]:
    """How a connection becomes encrypted: certificate and name are checked by OpenSSL, not by the library's own hand."""
    context = ssl.create_default_context(cadata=settings.ca_certificate or None)

    def wrap(connection: Any, do_handshake: bool = False) -> None:
        connection.socket = context.wrap_socket(
            connection.socket, server_hostname=host, do_handshake_on_connect=do_handshake
        )

    return wrap


def _close(connection: Any) -> None:
    try:
        connection.unbind()
    except Exception:  # whatever went wrong before, this is only the good-bye
        log.debug("closing the connection to the directory failed", exc_info=True)
    # The library forgets to, where it did not get as far as a session.
    if connection.socket is not None:
        connection.socket.close()


def plain(error: BaseException) -> str:
    """What went wrong, short enough for a line of a page."""
    return " ".join(str(error).split())[:300] or type(error).__name__

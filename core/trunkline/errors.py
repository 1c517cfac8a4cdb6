"""The small family of errors that people may read. Each knows its HTTP status, the field at fault and the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager


class TrunklineError(Exception):
    """Base of every error whose message is meant for a user.

    `message` says what is wrong, `field` names the input at fault (a schema field name) and `remedy` what to do next.
    """

    status = 500
    title = "Internal error"

    def __init__(self, message: str, *, field: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.remedy = remedy
        #: What else is wrong with the same input, so that it can be put right in one go.
        self.others: tuple[TrunklineError, ...] = ()
        #: Words and address of the page where the remedy is, for who may open it.
        self.see: tuple[str, str] | None = None
        #: What the page says above the message; empty for the words of its status.
        self.heading = ""

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class Refused(TrunklineError):
    """A rule forbids what was asked (HTTP 422)."""

    status = 422
    title = "Refused"


class Faults:
    """Gathers what is wrong with several values of one input, instead of telling one at each attempt."""

    def __init__(self) -> None:
        self._found: list[Refused] = []

    @contextmanager
    def noted(self, within: str = "") -> Iterator[None]:
        """Keeps what the block refuses; `within` is the path of the field's owner, such as `address.`."""
        try:
            yield
        except Refused as error:
            if error.field:
                error.field = within + error.field
            self._found.append(error)

    def refuse(self) -> None:
        """Raise the first Refused, which knows the others; nothing when all is well."""
        if self._found:
            first, *others = self._found
            first.others = tuple(others)
            raise first


class Unauthenticated(TrunklineError):
    """Nobody is signed in, or the credentials are wrong (HTTP 401)."""

    status = 401
    title = "Sign in first"


class Forbidden(TrunklineError):
    """The actor lacks the permission (HTTP 403), which `permission` names where it is one."""

    status = 403
    title = "Not allowed"

    def __init__(
        self, message: str, *, field: str | None = None, remedy: str | None = None, permission: str = ""
    ) -> None:
        super().__init__(message, field=field, remedy=remedy)
        self.permission = permission


class WaitsForSecondPerson(TrunklineError):
    """Nothing was done yet: it waits for somebody else to agree (HTTP 202).

    `request` is what the unit of work that ends with this error keeps; `number` the request's number once it is kept.
    """

    status = 202
    title = "Waits for a second person"

    def __init__(self, message: str, request: object) -> None:
        super().__init__(message)
        self.request = request
        self.number = ""


class NotFound(TrunklineError):
    """There is no such thing, or it lies outside the actor's scope (HTTP 404)."""

    status = 404
    title = "Not found"


class Gone(TrunklineError):
    """It was there and is over, for reasons that the reader may know (HTTP 410)."""

    status = 410
    title = "Gone"


class Conflict(TrunklineError):
    """Somebody else changed the record first, or the unique value is taken (HTTP 409)."""

    status = 409
    title = "Conflict"


class TooManyRequests(TrunklineError):
    """A throttle closed; the message says for how long (HTTP 429)."""

    status = 429
    title = "Too many requests"


class Unavailable(TrunklineError):
    """A part that is needed does not answer (HTTP 503)."""

    status = 503
    title = "Unavailable"


class ConfigError(TrunklineError):
    """The configuration cannot be used; raised before anything starts."""

    title = "Configuration"


def why_silent(error: Exception) -> str:
    """Why another side does not answer, as a sentence's end: without the system's number, with a full stop before the remedy."""
    return f"{getattr(error, 'strerror', None) or error}".rstrip(".") + "."

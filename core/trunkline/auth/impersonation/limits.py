"""What is closed to somebody who works as another user: whatever proves, or pays as, that user."""

from typing import TYPE_CHECKING

from trunkline.errors import Forbidden
from trunkline.i18n import gettext

if TYPE_CHECKING:
    from trunkline.auth.sessions import SignedIn
    from trunkline.operation import Context
    from trunkline.web.pages import PageRoute

_ = gettext

#: Below these a person changes password, factors, devices, keys and address; some of them show secrets already when opened.
_OWN = ("/profile/", "/portal/account/", "/confirm")
_READS = frozenset({"GET", "HEAD"})


def check_route(route: "PageRoute", signed_in: "SignedIn") -> None:
    """Raise Forbidden when the page belongs to the person alone."""
    changes_profile = route.path == "/profile" and not _READS.intersection(route.methods)
    if route.proof_lasts is not None or changes_profile or route.path.startswith(_OWN):
        raise _refusal(signed_in.user.name)


def in_person(ctx: "Context") -> None:
    """Raise Forbidden when somebody works as another user. For operations that only the person may ask for: changing password,
    factors or address, and paying with means that are stored.
    """
    if ctx.on_behalf_of is not None:
        raise _refusal(ctx.on_behalf_of.name)


def _refusal(name: str) -> Forbidden:
    return Forbidden(
        _("You work as {name}, and only {name} may do this.", name=name),
        remedy=_("End it first, and do it as yourself."),
    )

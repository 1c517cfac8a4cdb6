"""The page that says what went wrong, with the menu around it for who is signed in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlmodel import col

from trunkline.access.holding import users_who_may
from trunkline.auth.models import User, UserKind
from trunkline.errors import Forbidden

if TYPE_CHECKING:
    from trunkline.web.pages import Page

_SHELLS = {"staff": "staff.html", "portal": "portal.html"}
#: Who may change somebody's roles, of whom so many are named.
_GIVES_ROLES, _NAMED = "core.user.edit", 3
#: Addresses of these are no words that anybody searches for.
_LONGEST_WORD = 40


def write(page: "Page", status: int, words: Mapping[str, Any], *, bare: bool = False) -> str:
    """The page of an error. `bare` leaves the menu out, of which each part asks something that may fail as well.

    A part of a page is answered without it, too: only its head says anything there.
    """
    shell = "" if bare or page.is_fragment or page.user is None else _SHELLS.get(page.user.kind, "")
    around: dict[str, Any] = {"shell": shell, "asked_for": "", "give_roles": [], "explained": ""}
    if shell == _SHELLS["staff"]:
        around |= _help(page, status, words.get("permission", ""))
    return page.web.fragment(page, f"errors/{status}.html", {**words, **around})


def permission_lacking(error: Exception) -> str:
    """The permission whose lack the error is about; empty when it is about something else."""
    return error.permission if isinstance(error, Forbidden) else ""


def _help(page: "Page", status: int, permission: str) -> Mapping[str, Any]:
    """What helps a colleague further: a search for what the address names, or who gives the permission that is missing."""
    found: dict[str, Any] = {}
    if status == 404 and page.can("core.search.use"):
        found["asked_for"] = _named_in(page.path)
    if status == 403 and permission:
        found["give_roles"] = _who_gives_roles(page)
        if page.can("core.role.view") and permission in page.app.permissions:
            found["explained"] = f"/permissions/{permission}"
    return found


def _named_in(path: str) -> str:
    """What an address is likely to be about: its last part that has a figure, else its last part."""
    parts = [part for part in unquote(path).split("/") if part and len(part) <= _LONGEST_WORD]
    numbers = [part for part in parts if any(map(str.isdecimal, part))]
    if numbers:
        return numbers[-1]
    return " ".join(parts[-1].replace("-", " ").replace("_", " ").split()) if parts else ""


def _who_gives_roles(page: "Page") -> list[tuple[str, str]]:
    """Name and page of those who can give a role, the page where the reader may open it."""
    people = page.ctx.session.scalars(
        users_who_may(_GIVES_ROLES)
        .where(col(User.kind) == UserKind.STAFF, col(User.id) != page.actor.id)
        .limit(_NAMED)
    )
    linked = page.can("core.user.view")
    return [(one.name or one.email, f"/users/{one.key}" if linked else "") for one in people]

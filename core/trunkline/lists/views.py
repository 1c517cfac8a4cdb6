"""Saved views: a list's address under a name, one's own or shared; and the columns a person keeps.

A view is shared with one house: the operator's staff among themselves, each reseller's among themselves. Its name and search
words may say who the other's customers are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline.auth.models import User
from trunkline.db.prepared import Prepared
from trunkline.errors import Forbidden, NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.lists.declared import ListOf
from trunkline.lists.events import SavedViewChanged, SavedViewCreated, SavedViewEvent, SavedViewRemoved
from trunkline.lists.models import ListChoice, SavedView
from trunkline.lists.schemas import ChangeView, KeepColumns, SaveView
from trunkline.operation import Context, operation
from trunkline.versions import require_version

OWN = "core.saved_view.create"
SHARED = "core.shared_view.create"
#: Parameters that say where one is in a list, not which list it is.
_PASSING = ("cursor", "export", "saved")
_MOST = 50


@dataclass(frozen=True)
class ViewOf:
    """A saved view as its list shows it."""

    id: int
    name: str
    query: str
    shared: bool
    #: Whether the reader may change it.
    mine: bool
    version: int = 1


@dataclass(frozen=True)
class Personal:
    """What one reader keeps for one list: views in order of their names, columns, and the view it opens with."""

    views: Sequence[ViewOf] = ()
    columns: Sequence[str] = ()
    opens_with: int | None = None


def listed(ctx: Context, name: str) -> ListOf:
    """The list of this name. Raises NotFound, or Forbidden for who may not see it."""
    found = ctx.app.lists.get(name)
    if found is None:
        raise NotFound(_("There is no list {name}.", name=name))
    ctx.require(found.permission)
    return found


_OWNER, _READER = aliased(User), aliased(User)
_VIEWS = Prepared(
    select(
        col(SavedView.id),
        col(SavedView.name),
        col(SavedView.query),
        col(SavedView.shared),
        col(SavedView.user_id),
        col(SavedView.version),
    )
    .join(_OWNER, col(SavedView.user_id) == col(_OWNER.id))
    .join(_READER, col(_READER.id) == bindparam("user_id"))
    .where(
        col(SavedView.list_name) == bindparam("list_name"),
        or_(
            col(SavedView.user_id) == col(_READER.id),
            col(SavedView.shared) & col(_OWNER.reseller_id).is_not_distinct_from(col(_READER.reseller_id)),
        ),
    )
    .order_by(col(SavedView.name), col(SavedView.id))
    .limit(_MOST)
)
_CHOICE = Prepared(
    select(col(ListChoice.columns), col(ListChoice.view_id)).where(
        col(ListChoice.user_id) == bindparam("user_id"), col(ListChoice.list_name) == bindparam("list_name")
    )
)


def kept_for(ctx: Context, name: str) -> Personal:
    """What the reader keeps for this list: two small queries."""
    mine = ctx.actor.id
    if mine is None:
        return Personal()
    rows = _VIEWS.rows(ctx, user_id=mine, list_name=name)
    views = [
        ViewOf(
            int(row[0] or 0),
            row[1],
            row[2],
            row[3],
            row[4] == mine or (row[3] and ctx.actor.may(SHARED)),
            row[5],
        )
        for row in rows
    ]
    choice = _CHOICE.first(ctx, user_id=mine, list_name=name)
    if choice is None:
        return Personal(views)
    opens = choice[1] if any(view.id == choice[1] for view in views) else None
    return Personal(views, [key for key in choice[0].split(",") if key], opens)


def get(ctx: Context, view_id: int) -> SavedView:
    """A view that the actor sees: their own, or one shared in their house of a list they may open. Raises NotFound."""
    view = ctx.session.get(SavedView, view_id)
    if view is None or not _sees(ctx, view):
        raise NotFound(_("There is no such view."))
    listed(ctx, view.list_name)
    return view


def _sees(ctx: Context, view: SavedView) -> bool:
    if view.user_id == ctx.actor.id:
        return True
    owner = ctx.session.get_one(User, view.user_id)
    reader = ctx.session.get(User, ctx.actor.id) if ctx.actor.id is not None else None
    return view.shared and reader is not None and owner.reseller_id == reader.reseller_id


def in_order(query: str) -> str:
    """The parameters of a view, without those that only say where one was."""
    pairs = [(key, value) for key, value in parse_qsl(query) if key not in _PASSING]
    return urlencode(pairs)


@operation(OWN)
def save(ctx: Context, name: str, command: SaveView) -> SavedView:
    """Keep a list as it stands under a name. Raises Refused (field `name`) for a name that one has, in any case."""
    found, mine = listed(ctx, name), _person(ctx)
    if command.shared:
        ctx.require(SHARED)
    _check_name(ctx, found.name, command.name, mine)
    view = SavedView(
        list_name=found.name,
        name=command.name,
        query=in_order(command.query),
        user_id=mine,
        shared=command.shared,
    )
    ctx.session.add(view)
    ctx.session.flush()
    ctx.note(view, label=view.name, list=found.name)
    _tell(ctx, SavedViewCreated, view)
    if command.opens:
        _choose(ctx, found.name).view_id = view.key
    return view


@operation(OWN)
def change(ctx: Context, view_id: int, command: ChangeView) -> SavedView:
    """Rename a view, share it, open the list with it, or make it the list as it stands.

    Raises Forbidden for somebody else's, Conflict when it was changed since `version` of the command.
    """
    view = _changeable(ctx, view_id, but_opening=command)
    require_version(view, command.version, {"name": command.name, "shared": command.shared})
    choice = _choose(ctx, view.list_name)
    if command.opens:
        choice.view_id = view.key
    elif choice.view_id == view.key:
        choice.view_id = None
    ctx.note(view, label=view.name, list=view.list_name)
    if not _may_change(ctx, view):
        _tell(ctx, SavedViewChanged, view)
        return view
    if command.shared != view.shared:
        ctx.require(SHARED)
    if command.name != view.name:
        _check_name(ctx, view.list_name, command.name, view.user_id, view.key)
    view.name, view.shared = command.name, command.shared
    if command.as_it_stands:
        view.query = in_order(command.query)
    _tell(ctx, SavedViewChanged, view)
    return view


@operation(OWN)
def remove(ctx: Context, view_id: int) -> SavedView:
    """Give a view up; a shared one, for everybody who sees it."""
    view = get(ctx, view_id)
    if not _may_change(ctx, view):
        raise Forbidden(_("This view is somebody else’s."), remedy=_("Ask {permission}.", permission=SHARED))
    ctx.note(view, label=view.name, list=view.list_name)
    _tell(ctx, SavedViewRemoved, view)
    for choice in ctx.session.scalars(select(ListChoice).where(col(ListChoice.view_id) == view.key)):
        choice.view_id = None
    ctx.session.flush()
    ctx.session.delete(view)
    return view


@operation(OWN)
def keep_columns(ctx: Context, name: str, command: KeepColumns) -> ListOf:
    """Show this person these columns whenever the list opens; none for the list's own. Raises Refused for an unknown one."""
    found = listed(ctx, name)
    known = {column.key for column in found.table(ctx).columns}
    known |= {column.key for more in ctx.app.list_columns.get(name, ()) for column in more.columns}
    keys = [key for key in command.columns.split(",") if key]
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise Refused(
            _("This list has no column “{name}”.", name=unknown[0]),
            field="columns",
            remedy=_("Columns: {names}.", names=", ".join(sorted(known))),
        )
    _choose(ctx, name).columns = ",".join(keys)
    return found


def _tell(ctx: Context, event: type[SavedViewEvent], view: SavedView) -> None:
    ctx.emit(event(entity_id=view.key, list_name=view.list_name, shared=view.shared))


def _person(ctx: Context) -> int:
    if ctx.actor.id is None:
        raise Forbidden(_("Only people keep views of lists."))
    return ctx.actor.id


def _choose(ctx: Context, name: str) -> ListChoice:
    mine = _person(ctx)
    found = ctx.session.scalars(
        select(ListChoice).where(col(ListChoice.user_id) == mine, col(ListChoice.list_name) == name)
    ).one_or_none()
    if found is None:
        found = ListChoice(user_id=mine, list_name=name)
        ctx.session.add(found)
    return found


def _may_change(ctx: Context, view: SavedView) -> bool:
    return view.user_id == ctx.actor.id or (view.shared and ctx.actor.may(SHARED))


def _changeable(ctx: Context, view_id: int, *, but_opening: ChangeView) -> SavedView:
    """A view that may be changed as asked; everybody may say that a shared one opens their list."""
    view = get(ctx, view_id)
    same = (but_opening.name, but_opening.shared) == (view.name, view.shared)
    if (but_opening.as_it_stands or not same) and not _may_change(ctx, view):
        raise Forbidden(_("This view is somebody else’s."), remedy=_("Save it under a name of your own."))
    return view


def _check_name(ctx: Context, list_name: str, name: str, user_id: int, but: int = 0) -> None:
    names = ctx.session.scalars(
        select(col(SavedView.name)).where(
            col(SavedView.list_name) == list_name,
            col(SavedView.user_id) == user_id,
            col(SavedView.id) != but,
        )
    )
    # Compared here: the databases disagree about the case of letters outside ASCII.
    taken = next((one for one in names if one.casefold() == name.casefold()), None)
    if taken is not None:
        raise Refused(
            _("There is a view called “{name}” already.", name=taken),
            field="name",
            remedy=_("Choose another name."),
        )

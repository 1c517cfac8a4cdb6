"""Network elements as a list, for pages, files and REST."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import RowMapping, select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.lists import ListOf, NoValues, RowAction
from trunkline.operation import Context
from trunkline.web.tables import Column, Empty, Kind, Statement, Table
from trunkline_provisioning import elements, queries
from trunkline_provisioning.models import ProvisioningElement

_EDIT = "provisioning.element.edit"
_PAGE = "/provisioning/elements/{name}/edit"


def list_elements() -> Statement:
    """Every element; of its secrets only whether there are some."""
    statement: Any = select(
        col(ProvisioningElement.id),
        col(ProvisioningElement.name),
        col(ProvisioningElement.label),
        col(ProvisioningElement.host),
        col(ProvisioningElement.port),
        col(ProvisioningElement.username),
        col(ProvisioningElement.password).is_not(None).label("has_password"),
        col(ProvisioningElement.private_key).is_not(None).label("has_private_key"),
        col(ProvisioningElement.at_once),
        col(ProvisioningElement.facts),
        col(ProvisioningElement.version),
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def _address(row: RowMapping) -> str:
    return f"{row['host']}:{row['port']}" if row["host"] and row["port"] else row["host"]


def _secret(row: RowMapping) -> str | None:
    return "kept" if row["has_password"] or row["has_private_key"] else None


ELEMENTS = Table(
    "network-elements",
    label=_("Network elements"),
    columns=(
        Column("name", _("Name"), Kind.MONO, sort=True, lead=True),
        Column("label", _("Label")),
        # Names of hosts are long; one that does not break leaves no room for the element's on a phone.
        Column("host", _("Address"), Kind.EMAIL, value=_address),
        Column("username", _("User name"), priority=3, optional=True),
        Column("secret", _("Password"), priority=2, value=_secret, labels={"kept": _("Kept")}),
        Column("at_once", _("Jobs at once"), Kind.NUMBER, priority=3, optional=True, named=True),
    ),
    search=("name", "label", "host"),
    sort="name",
    empty=Empty(
        _("No network elements yet"),
        _(
            "Add an OLT, a router or a RADIUS database once; playbooks then read its address and password by its name."
        ),
        icon="server",
        href="/provisioning/elements/new",
        action=_("Add element"),
        permission=_EDIT,
    ),
)


def list_table(ctx: Context) -> Table:
    """The list with the playbooks that name an element; rows lead to its form for who may change it."""

    @cache
    def users() -> Mapping[str, Sequence[str]]:
        return queries.playbooks_by_element(ctx)

    named_by = Column(
        "playbooks",
        _("Named by"),
        priority=2,
        value=lambda row: ", ".join(users().get(row["name"], ())),
    )
    return replace(
        ELEMENTS,
        columns=(*ELEMENTS.columns, named_by),
        row_href=_PAGE if ctx.actor.may(_EDIT) else "",
    )


def _remove(ctx: Context, key: int, command: NoValues) -> None:
    element = ctx.session.get(ProvisioningElement, key)
    if element is not None:
        elements.delete(ctx, element.name)


LISTS = (
    ListOf(
        ELEMENTS.name,
        "/provisioning/elements",
        "provisioning.element.list",
        list_table,
        lambda ctx: list_elements(),
    ),
)
ROW_ACTIONS = (
    RowAction(
        "provisioning.element_remove",
        ELEMENTS.name,
        _("Remove"),
        "provisioning.element.delete",
        _remove,
        icon="trash",
        tone="danger",
        effect=_("Playbooks that name them fail from then on."),
    ),
)

"""REST of network elements."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_provisioning import elements, queries
from trunkline_provisioning.element_list import ELEMENTS
from trunkline_provisioning.element_list import list_elements as every_element
from trunkline_provisioning.elements import EditElement, ElementFields
from trunkline_provisioning.models import ProvisioningElement

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
FactText = Annotated[str, StringConstraints(pattern=r"^[^\r\n]*$", max_length=4_000)]
_MOST_FACTS = 8_000


class ChangeElement(BaseModel):
    """What changes on an element; what is not sent stays, an empty password or key too."""

    model_config = ConfigDict(extra="forbid")

    name: Word = Field(default="element", description="The word by which playbooks read it.")
    label: str = Field(default="", min_length=1, max_length=120, description="What people call it.")
    host: str = Field(default="", max_length=253, description="Name or IP address.")
    port: int | None = Field(default=None, ge=1, le=65535, description="None: the protocol's own.")
    username: str = Field(default="", max_length=120)
    password: str = Field(
        default="", max_length=1_000, description="Password, token or community; never shown."
    )
    private_key: str = Field(default="", max_length=8_000, description="For SSH; never shown.")
    at_once: int = Field(default=0, ge=0, le=1000, description="Jobs at a time; 0 sets no limit.")
    facts: dict[Word, FactText] = Field(
        default={}, description="Further values by name, such as `host_key`. No secrets.", max_length=100
    )

    @field_validator("facts")
    @classmethod
    def _not_too_long(cls, facts: dict[str, str]) -> dict[str, str]:
        if len(elements.facts_text(facts)) > _MOST_FACTS:
            raise ValueError(_("Use at most {n} characters.", n=_MOST_FACTS))
        return facts

    def over(self, kept: dict[str, Any]) -> dict[str, Any]:
        """The fields of `ElementFields`: what was sent, and what is `kept` of the rest."""
        sent = self.model_dump(exclude_unset=True)
        if "facts" in sent:
            sent["facts"] = elements.facts_text(sent["facts"])
        return kept | sent


class AddElement(ChangeElement):
    """A new element."""

    name: Word = Field(description="The word by which playbooks read it, as in `elements.olt.host`.")
    label: str = Field(min_length=1, max_length=120, description="What people call it.")


class _Kept(BaseModel):
    """What is kept of an element. Its secrets are never shown, only that there are some."""

    name: str
    label: str
    host: str
    port: int | None
    username: str
    has_password: bool
    has_private_key: bool
    at_once: int
    facts: dict[str, str]
    version: int


class ElementOut(_Kept):
    """An element. Its secrets are never shown, only that there are some."""

    #: Names of the playbooks whose files name it.
    playbooks: list[str]


def add_routes(rest: RestRoutes) -> None:
    """Add the routes under `/provisioning/elements`."""
    rest.get("/elements", permission="provisioning.element.list", table=ELEMENTS)(list_elements)
    rest.post("/elements", permission="provisioning.element.edit")(add)
    rest.get("/elements/{name}", permission="provisioning.element.list")(show)
    rest.patch("/elements/{name}", permission="provisioning.element.edit")(change)
    rest.delete("/elements/{name}", permission="provisioning.element.delete")(remove)


def list_elements(ctx: Context, params: ListParams = list_params) -> Listing[ElementOut]:
    """Elements by name, with the playbooks that name them."""
    found = read_list(ctx, ELEMENTS, every_element(), params, _Kept)
    users = queries.playbooks_by_element(ctx)
    shown = [ElementOut(**dict(one), playbooks=users.get(one.name, [])) for one in found.items]
    return Listing(items=shown, next=found.next, total=found.total, total_is_exact=found.total_is_exact)


def show(ctx: Context, name: str) -> ElementOut:
    """One element."""
    return _shown(ctx, elements.get(ctx, name))


def add(ctx: Context, command: AddElement) -> ElementOut:
    """Add an element."""
    return _shown(ctx, elements.add(ctx, ElementFields(**command.over({}))))


def change(ctx: Context, name: str, command: ChangeElement, version: int | None = if_match) -> ElementOut:
    """Change an element. Playbooks that read it by its old name fail from then on, and say so."""
    found = elements.get(ctx, name)
    kept = {word: getattr(found, word) for word in ("name", "label", "host", "port", "username", "at_once")}
    kept["facts"] = elements.facts_text(found.facts)
    return _shown(ctx, elements.change(ctx, name, EditElement(**command.over(kept), version=version)))


def remove(ctx: Context, name: str) -> None:
    """Remove an element; playbooks that name it fail from then on, and say so."""
    elements.delete(ctx, name)


def _shown(ctx: Context, element: ProvisioningElement) -> ElementOut:
    return _out(element, queries.playbooks_by_element(ctx).get(element.name, []))


def _out(element: ProvisioningElement, playbooks: list[str]) -> ElementOut:
    return ElementOut(
        name=element.name,
        label=element.label,
        host=element.host,
        port=element.port,
        username=element.username,
        has_password=bool(element.password),
        has_private_key=bool(element.private_key),
        at_once=element.at_once,
        facts=element.facts,
        playbooks=playbooks,
        version=element.version,
    )

"""Network elements: where they are and how playbooks get in."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, Field, field_validator
from sqlmodel import col, select

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_provisioning.devices.outcome import is_secret_name
from trunkline_provisioning.editing import tidy
from trunkline_provisioning.events import ElementAdded, ElementChanged, ElementRemoved
from trunkline_provisioning.models import ProvisioningElement

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: `elements.olt` and `secrets.elements.olt` in a playbook.
_NAMED = re.compile(r"\belements\.([a-z][a-z0-9_]*)")
_SECRET = re.compile(r"\bsecrets\.elements\.([a-z][a-z0-9_]*)")


class ElementFields(BaseModel):
    """What one says of an element. The password of an existing one stays when the field is left empty."""

    name: str = Field(
        max_length=40,
        title=_("Name"),
        description=_("Short word in lower case: playbooks read elements.<name>.host and so on."),
    )
    label: str = Field(max_length=120, title=_("Label"), description=_("What people call it."))
    host: str = Field(default="", max_length=253, title=_("Address"), description=_("Name or IP address."))
    port: int | None = Field(
        default=None, ge=1, le=65535, title=_("Port"), description=_("Empty: the protocol’s own.")
    )
    username: str = Field(default="", max_length=120, title=_("User name"))
    password: str = Field(
        default="",
        max_length=1_000,
        title=_("Password"),
        description=_("Or a token or a community. Kept sealed and never shown; empty leaves it as it is."),
        json_schema_extra={"widget": "password", "autocomplete": "new-password"},
    )
    private_key: str = Field(
        default="",
        max_length=8_000,
        title=_("Private key"),
        description=_("For SSH. Kept sealed and never shown; empty leaves it as it is."),
        json_schema_extra={"widget": "code", "rows": 3},
    )
    at_once: int = Field(
        default=0,
        ge=0,
        le=1000,
        title=_("Jobs at once"),
        description=_("How many sessions it bears; further jobs wait for their turn. 0 sets no limit."),
    )
    facts: str = Field(
        default="",
        max_length=8_000,
        title=_("Further values"),
        description=_(
            "One a line, as in host_key: ssh-ed25519 AAAA… Playbooks read elements.<name>.host_key."
        ),
        json_schema_extra={"widget": "code", "rows": 5},
    )

    @field_validator("name")
    @classmethod
    def _word(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError(_("Use small letters, digits and underscores, a letter first."))
        return value


class EditElement(ElementFields):
    """The same with the version that was opened; None overwrites whatever is there."""

    version: int | None = None


def facts_of(text: str) -> dict[str, str]:
    """`name: value` lines as values. Raises Refused (field `facts`) naming the line that is none, or that names a secret."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, mark, value = (part.strip() for part in line.partition(":"))
        if not mark or not _NAME.fullmatch(name):
            raise Refused(
                _("Line {n} is not like name: value.", n=number),
                field="facts",
                remedy=_("Names have small letters, digits and underscores."),
            )
        if is_secret_name(name) and name != "host_key":
            raise Refused(
                _("{name} sounds like a secret.", name=name),
                field="facts",
                remedy=_("Secrets belong into the password, which is kept sealed."),
            )
        found[name] = value
    return found


@operation("provisioning.element.edit")
def add(ctx: Context, command: ElementFields) -> ProvisioningElement:
    """Add an element. Raises Refused when its name is taken."""
    if find(ctx, command.name) is not None:
        raise Refused(_("There is an element {name} already.", name=command.name), field="name")
    element = ProvisioningElement(name=command.name, label=command.label, facts=facts_of(command.facts))
    _fill(element, command)
    ctx.session.add(element)
    ctx.session.flush()
    ctx.note(element, label=element.name)
    ctx.emit(ElementAdded(entity_id=element.key, element=element.name))
    return element


@operation("provisioning.element.edit")
def change(ctx: Context, name: str, command: EditElement) -> ProvisioningElement:
    """Change an element. Raises NotFound, Conflict, Refused."""
    element = ctx.load_by(
        ProvisioningElement, ProvisioningElement.name, name, version=command.version, lock=True
    )
    if command.name != name and find(ctx, command.name) is not None:
        raise Refused(_("There is an element {name} already.", name=command.name), field="name")
    element.name, element.label = command.name, command.label
    element.facts = facts_of(command.facts)
    _fill(element, command)
    ctx.session.flush()
    ctx.note(element, label=element.name)
    ctx.emit(ElementChanged(entity_id=element.key, element=element.name))
    return element


@operation("provisioning.element.delete")
def delete(ctx: Context, name: str) -> None:
    """Remove an element; playbooks that name it fail from then on, and say so."""
    element = ctx.load_by(ProvisioningElement, ProvisioningElement.name, name, lock=True)
    ctx.note(element, label=element.name)
    ctx.emit(ElementRemoved(entity_id=element.key, element=element.name))
    ctx.session.delete(element)
    ctx.session.flush()


def find(ctx: Context, name: str) -> ProvisioningElement | None:
    """The element called `name`."""
    return ctx.session.scalars(
        select(ProvisioningElement).where(col(ProvisioningElement.name) == name)
    ).one_or_none()


def get(ctx: Context, name: str) -> ProvisioningElement:
    """The element called `name`. Raises NotFound."""
    element = find(ctx, name)
    if element is None:
        raise NotFound(_("There is no element {name}.", name=name), field="name")
    return element


def facts_text(facts: Mapping[str, str]) -> str:
    """Further values as `ElementFields.facts` has them, one a line."""
    return "\n".join(f"{name}: {value}" for name, value in facts.items())


def elements(ctx: Context) -> list[ProvisioningElement]:
    """Every element by name."""
    return list(ctx.session.scalars(select(ProvisioningElement).order_by(col(ProvisioningElement.name))))


def variables(ctx: Context) -> dict[str, dict[str, Any]]:
    """What playbooks may know of elements, without passwords. What an element has not is absent, so that default() works."""
    return {
        element.name: {
            name: value
            for name, value in {
                **element.facts,
                "label": element.label,
                "host": element.host,
                "port": element.port,
                "username": element.username,
            }.items()
            if value not in ("", None)
        }
        for element in elements(ctx)
    }


def named(texts: Iterable[str]) -> list[str]:
    """Names of the elements that the texts of a playbook read, each once."""
    return sorted({name for text in texts for name in _NAMED.findall(text)})


def missing(ctx: Context, texts: Iterable[str]) -> list[str]:
    """Names that the texts of a playbook read and no element has."""
    wanted = named(texts)
    known = {element.name for element in elements(ctx)} if wanted else set()
    return [name for name in wanted if name not in known]


def secrets(ctx: Context, texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Secrets of the elements that the texts of a playbook name, as in `secrets.elements.olt.password`.

    Read when a run starts, kept nowhere; a run gets no other element's.
    """
    wanted = {name for text in texts for name in _SECRET.findall(text)}
    return {
        element.name: {
            kind: value
            for kind, value in (("password", element.password), ("private_key", element.private_key))
            if value
        }
        for element in (elements(ctx) if wanted else ())
        if element.name in wanted
    }


def _fill(element: ProvisioningElement, command: ElementFields) -> None:
    element.host, element.port, element.username = command.host, command.port, command.username
    element.at_once = command.at_once
    if command.password:
        element.password = command.password
    if command.private_key.strip():
        element.private_key = tidy(command.private_key)

"""Forms whose fields an operator's own templates decide."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field, create_model

from trunkline.i18n import gettext as _
from trunkline_inventory.schemas import (
    Check,
    CreateStock,
    FieldKind,
    ItemState,
    Minimum,
    TemplateField,
    TemplateView,
    Word,
)

#: Prefix of a template's fields in a form, so that none of them can clash with the form's own.
VALUE = "value_"


@lru_cache(maxsize=128)
def item_schema(template: TemplateView, state: ItemState | None = None) -> type[BaseModel]:
    """The form of a new item, or of one in this state: without what may not change, and secrets may stay blank."""
    editing = state is not None
    settled = template.settled(state) if state is not None else []
    fields: dict[str, Any] = {
        VALUE + one.name: (str, _input(one, editing)) for one in template.fields if one not in settled
    }
    if not editing:
        fields["stock"] = (str, Field(title=_("Stock"), json_schema_extra={"section": _("Place")}))
    return create_model(f"Item_{template.name}", **fields)


def _input(field: TemplateField, editing: bool) -> Any:
    secret = field.kind is FieldKind.SECRET
    optional = not field.required or (editing and secret)
    extra: dict[str, Any] = {"section": _("Secret values") if secret else ""}
    if secret:
        extra.update(widget="password", autocomplete="off")
    if field.kind is FieldKind.CHOICE:
        extra["choices"] = [[choice, choice] for choice in field.choices]
    if field.kind is FieldKind.DIGITS:
        extra["inputmode"] = "numeric"
    if field.example and not secret:
        extra["placeholder"] = field.example
    hint = _("Leave it blank to keep the value that is there.") if editing and secret else ""
    if optional:
        return Field(
            default="", title=field.label, description=str(hint), max_length=500, json_schema_extra=extra
        )
    return Field(title=field.label, description=str(hint), max_length=500, json_schema_extra=extra)


def values_in(command: BaseModel) -> dict[str, str]:
    """The template's values out of a submitted form."""
    return {
        name.removeprefix(VALUE): str(value or "")
        for name, value in command.model_dump().items()
        if name.startswith(VALUE)
    }


class NewTemplate(BaseModel):
    """A template begins with the field that identifies its items."""

    name: Word = Field(
        title=_("Name"),
        description=_("Short word in lower case, as files and products name it: router, ont, decoder."),
    )
    label: str = Field(min_length=1, max_length=60, title=_("Label"), description=_("What people read."))
    identifier: Word = Field(
        default="serial",
        title=_("Name of the identifying field"),
        description=_("The column of import files: serial, mac, iccid."),
        json_schema_extra={"section": _("What identifies an item")},
    )
    identifier_label: str = Field(
        default="Serial number",
        min_length=1,
        max_length=60,
        title=_("Its label"),
        json_schema_extra={"section": _("What identifies an item")},
    )
    check: Check = Field(
        default=Check.NONE,
        title=_("Checked as"),
        json_schema_extra={
            "section": _("What identifies an item"),
            "choices": [
                ["iccid", "ICCID (Luhn)"],
                ["imsi", "IMSI"],
                ["phone", _("Phone number")],
                ["hex", _("Hexadecimal")],
            ],
        },
    )


class NewField(BaseModel):
    """One more field of a template."""

    name: Word = Field(
        title=_("Name"), description=_("Short word in lower case: the column of import files.")
    )
    label: str = Field(min_length=1, max_length=60, title=_("Label"))
    kind: FieldKind = Field(
        default=FieldKind.TEXT,
        title=_("Kind"),
        json_schema_extra={
            "choices": [
                ["text", _("Text")],
                ["digits", _("Digits")],
                ["choice", _("Choice")],
                ["secret", _("Secret, sealed at rest")],
            ]
        },
    )
    required: bool = Field(default=False, title=_("Must be filled in"))
    unique: bool = Field(default=False, title=_("Identifies the item: each value occurs once"))
    max_length: int = Field(
        default=200,
        ge=1,
        le=500,
        title=_("Longest"),
        json_schema_extra={"width": "half", "suffix": _("characters")},
    )
    min_length: int = Field(
        default=0,
        ge=0,
        le=500,
        title=_("Shortest"),
        json_schema_extra={"width": "half", "suffix": _("characters")},
    )
    choices: list[str] = Field(
        default_factory=list,
        title=_("Choices"),
        description=_("One a line; only for a choice."),
        max_length=100,
    )
    example: str = Field(default="", max_length=100, title=_("Example"))


class EditStock(CreateStock):
    """The same with the version that was opened."""

    version: int | None = None


class EditTemplate(BaseModel):
    """A template's label, and how few of its items are too few."""

    label: str = Field(min_length=1, max_length=60, title=_("Label"))
    minimum: Minimum = 0
    version: int | None = None

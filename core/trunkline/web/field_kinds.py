"""Which control a schema's field gets, read from its annotation and its `Field(…)`."""

import types
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, Union, cast, get_args, get_origin

import annotated_types
from pydantic import AnyUrl, AwareDatetime, BaseModel, EmailStr, NameEmail, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from trunkline.i18n import gettext
from trunkline.web.tones import lazy_state_label

_ = gettext

#: Values that never reach a browser again once they were typed.
SECRET_WIDGETS = frozenset({"password", "file"})
#: Widgets whose value is text; a blank one means "not given".
HIDDEN_NAMES = frozenset({"version", "idempotency_key"})


@dataclass(frozen=True)
class FieldSpec:
    """What the form needs to know of one field; `name` is dotted for fields of a nested schema."""

    name: str
    label: str
    widget: str
    python: Any
    required: bool
    optional: bool
    default: Any = None
    help: str = ""
    #: A value as it is written, which a refusal shows; empty where none is declared (`examples` of the field).
    example: str = ""
    section: str = ""
    choices: Sequence[tuple[Any, str]] = ()
    many: bool = False
    html: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def with_widget(self, widget: str) -> Self:
        """The same field drawn by another control."""
        return replace(self, widget=widget)


@lru_cache(maxsize=256)
def read_specs(schema: type[BaseModel], prefix: str = "", section: str = "") -> tuple[FieldSpec, ...]:
    """The fields of a schema; those of nested schemas follow in place, under their own section."""
    specs: list[FieldSpec] = []
    for name, info in schema.model_fields.items():
        inner, optional = _without_none(info.annotation)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            # Kept for every reader, so nothing is put into the language of the first.
            title = info.title or _words(name)
            specs.extend(read_specs(inner, f"{prefix}{name}.", title))
        else:
            specs.append(_spec(prefix + name, info, inner, optional, section))
    return tuple(specs)


def _spec(name: str, info: FieldInfo, inner: Any, optional: bool, section: str) -> FieldSpec:
    extra = dict(info.json_schema_extra) if isinstance(info.json_schema_extra, dict) else {}
    many = get_origin(inner) in (list, set, tuple, frozenset)
    item = _without_none(get_args(inner)[0])[0] if many and get_args(inner) else inner
    choices = _pairs(extra.get("choices")) or _own_choices(item)
    widget = str(extra.get("widget") or _widget(name, item, many, bool(choices), info))
    default = info.get_default(call_default_factory=False)
    required = info.is_required() and widget != "checkbox"
    return FieldSpec(
        name=name,
        label=info.title or _words(name),
        widget=widget,
        python=item,
        required=required,
        optional=optional or not info.is_required(),
        default=None if default is PydanticUndefined else default,
        help=info.description or "",
        example=str(info.examples[0]) if info.examples else "",
        section=cast("str", extra.get("section", section)),
        choices=choices,
        many=many,
        html=_attributes(item, widget, info, extra),
        extra=extra,
    )


def _words(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ").capitalize()


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """The annotation without `Annotated` and `| None`, and whether None was allowed."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        kept = [part for part in get_args(annotation) if part is not type(None)]
        inner = _without_none(kept[0])[0] if kept else annotation
        return inner, len(kept) < len(get_args(annotation))
    return annotation, False


def _pairs(raw: Any) -> Sequence[tuple[Any, str]]:
    if not raw:
        return ()
    if isinstance(raw, dict):
        return tuple(raw.items())
    return tuple(
        (item[0], item[1]) if isinstance(item, list | tuple) else (item, lazy_state_label(item))
        for item in raw
    )


def _own_choices(item: Any) -> Sequence[tuple[Any, str]]:
    if isinstance(item, type) and issubclass(item, Enum):
        return tuple((member, getattr(member, "label", "") or lazy_state_label(member)) for member in item)
    if get_origin(item) is Literal:
        return tuple((value, lazy_state_label(value)) for value in get_args(item))
    return ()


def _widget(name: str, item: Any, many: bool, choices: bool, info: FieldInfo) -> str:
    if name.rpartition(".")[2] in HIDDEN_NAMES:
        return "hidden"
    if many:
        return "checkboxes" if choices else "lines"
    if choices:
        return "select"
    if not isinstance(item, type):
        return "text"
    for kinds, widget in _WIDGETS:
        if issubclass(item, kinds):
            return widget
    if issubclass(item, str) and any(
        isinstance(part, annotated_types.MaxLen) and part.max_length > 500 for part in info.metadata
    ):
        return "textarea"
    return "text"


_WIDGETS: tuple[tuple[Any, str], ...] = (
    (bool, "checkbox"),
    (SecretStr, "password"),
    ((datetime, AwareDatetime), "datetime"),
    (date, "date"),
    (time, "time"),
    ((int, Decimal, float), "number"),
    (bytes, "file"),
    ((EmailStr, NameEmail), "email"),
    (AnyUrl, "url"),
)


def _attributes(item: Any, widget: str, info: FieldInfo, extra: dict[str, Any]) -> dict[str, Any]:
    """HTML attributes that let the browser help: limits, keyboards, autofill."""
    html: dict[str, Any] = {}
    for part in info.metadata:
        if isinstance(part, annotated_types.MaxLen) and widget in (
            "text",
            "textarea",
            "email",
            "password",
            "url",
        ):
            html["maxlength"] = part.max_length
        elif isinstance(part, annotated_types.Ge) and widget == "number":
            html["min"] = part.ge
        elif isinstance(part, annotated_types.Le) and widget == "number":
            html["max"] = part.le
    if widget == "number":
        html["inputmode"] = "numeric" if item is int else "decimal"
    if widget == "money":
        html["inputmode"] = "decimal"
    for name in (
        "placeholder",
        "autocomplete",
        "inputmode",
        "pattern",
        "accept",
        "spellcheck",
        "autofocus",
        "readonly",
        "data-submits",
    ):
        if name in extra:
            html[name] = extra[name]
    if widget == "password":
        html.setdefault("autocomplete", "current-password")
    if widget == "email":
        html.setdefault("autocomplete", "off")
    return html

"""What people type, turned into what schemas take, and back: numbers the locale's way, money, blanks, ticks, lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from trunkline.i18n import current_zone, format_number, gettext, localize, parse_decimal
from trunkline.money import MICROS, Money
from trunkline.web.field_kinds import SECRET_WIDGETS, FieldSpec

_ = gettext


@dataclass
class Input:
    """What was posted: values for the schema (nested), values to show again (dotted names), what could not be read."""

    values: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def read_version(posted: object) -> int:
    """The version that a form was opened with; -1, which no row has, where its hidden field was tampered with."""
    try:
        return int(str(posted))
    except ValueError:
        return -1


def read_input(specs: Sequence[FieldSpec], data: Mapping[str, Any], prefix: str = "") -> Input:
    """Reads every field of a posted form. Fields that were left blank are absent, so that defaults apply."""
    read = Input()
    for spec in specs:
        raw = _raw(data, prefix + spec.name, spec)
        read.shown[spec.name] = None if spec.widget in SECRET_WIDGETS else raw
        if spec.many:
            _put(read.values, spec.name, raw)
        elif spec.widget == "checkbox":
            _put(read.values, spec.name, str(raw).lower() in ("1", "true", "on", "yes"))
        elif raw is None or raw == "":
            _blank(read, spec)
        else:
            try:
                _put(read.values, spec.name, _convert(spec, raw))
            except ValueError as error:
                read.errors[spec.name] = str(error)
    return read


def _blank(read: Input, spec: FieldSpec) -> None:
    """A blank field is left to its default; where None or the empty text is what blank means, it is said so."""
    if spec.optional and not spec.required:
        if spec.python is str and spec.default == "":
            _put(read.values, spec.name, "")
        elif spec.default is None:
            _put(read.values, spec.name, None)
    elif spec.optional:
        _put(read.values, spec.name, None)


def _raw(data: Mapping[str, Any], name: str, spec: FieldSpec) -> Any:
    if spec.many:
        many: Any = getattr(data, "getlist", None)
        found = many(name) if many is not None else data.get(name, [])
        listed = found if isinstance(found, list | tuple) else [found]
        if spec.widget == "lines":
            listed = [line for item in listed for line in str(item).splitlines()]
        return [str(item).strip() for item in listed if str(item).strip()]
    raw = data.get(name)
    if spec.widget == "file":
        filename: str | None = getattr(raw, "filename", None)
        return raw if filename else None
    if isinstance(raw, str):
        # A password may begin or end with a blank; nothing else does on purpose.
        return raw if spec.widget == "password" else raw.replace("\r\n", "\n").strip()
    return raw


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
    values[last] = value


def _convert(spec: FieldSpec, raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    if spec.widget == "money":
        return _money(spec, raw)
    if spec.widget == "number" and spec.python in (int, Decimal, float):
        try:
            number = parse_decimal(raw)
        except (ValueError, InvalidOperation):
            raise ValueError(
                _("{label}: write a number, such as {example}.", label=spec.label, example=_example(spec))
            ) from None
        if spec.python is int:
            if number != number.to_integral_value():
                raise ValueError(_("{label}: write a whole number.", label=spec.label))
            return int(number)
        return number
    if spec.widget == "datetime":
        return _moment(spec, raw)
    return raw


def _example(spec: FieldSpec) -> str:
    return "12" if spec.python is int else format_number(Decimal("12.5"))


def _money(spec: FieldSpec, raw: str) -> Any:
    try:
        amount = parse_decimal(raw.removeprefix("R$").removeprefix("€").removeprefix("$"))
    except (ValueError, InvalidOperation):
        example = format_number(Decimal("39.90"), digits=2)
        raise ValueError(
            _("{label}: write an amount, such as {example}.", label=spec.label, example=example)
        ) from None
    if spec.python is Decimal:
        return amount
    micros = amount * MICROS
    if micros != micros.to_integral_value():
        raise ValueError(_("{label}: at most six decimals.", label=spec.label))
    if spec.python is Money:
        return Money(int(micros), str(spec.extra.get("currency", "")))
    return str(amount) if spec.python is str else int(micros)


def _moment(spec: FieldSpec, raw: str) -> datetime:
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        raise ValueError(
            _("{label}: write date and time, such as 2026-11-21 14:30.", label=spec.label)
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(current_zone()))).astimezone(UTC)


def shown_value(spec: FieldSpec, value: Any) -> str:
    """A value as the text of its input. Secrets are never shown."""
    if value is None or spec.widget in SECRET_WIDGETS:
        return ""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Money):
        return _figure(value.decimal())
    if spec.widget == "money" and isinstance(value, int):
        return _figure(Decimal(value).scaleb(-6))
    if isinstance(value, Decimal):
        return _figure(value, 2 if spec.widget == "money" else 0)
    if isinstance(value, datetime):
        return localize(value).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, list | tuple | set | frozenset):
        return "\n".join(str(getattr(item, "value", item)) for item in value)
    return str(value)


def _figure(amount: Decimal, least: int = 2) -> str:
    exponent = amount.normalize().as_tuple().exponent
    digits = max(least, -exponent if isinstance(exponent, int) else least)
    return format_number(amount, digits=digits)


def flat(values: Mapping[str, Any] | BaseModel | None, prefix: str = "") -> dict[str, Any]:
    """Values by dotted field name."""
    if values is None:
        return {}
    items = (
        {name: getattr(values, name) for name in type(values).model_fields}
        if isinstance(values, BaseModel)
        else values
    )
    found: dict[str, Any] = {}
    for name, value in items.items():
        found[prefix + name] = value
        if isinstance(value, Mapping | BaseModel):
            found.update(flat(value, f"{prefix}{name}."))
    return found

"""Lists of services as they are brought: typed numbers, or a CSV file whose further columns hold values of each service."""

import csv
import io
import re
from collections.abc import Iterable

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_inventory import queries as inventory
from trunkline_provisioning.rollouts.schemas import MOST_SERVICES, ServiceWish

_MOST_BYTES = 4_000_000
_HEADS = ("service", "number")


def typed(text: str) -> list[ServiceWish]:
    """Numbers set apart by anything but letters and figures. Raises Refused (field `services`)."""
    numbers = re.findall(r"[A-Za-z0-9]+", text)
    return _checked([ServiceWish(service=number[:40].upper()) for number in numbers], "services")


def from_file(ctx: Context, data: bytes) -> list[ServiceWish]:
    """The services of a CSV file: a column `service`, and further ones named by an inventory template (an identifier of the new
    item) or a parameter. Raises Refused (field `file`) naming line and column."""
    if len(data) > _MOST_BYTES:
        raise Refused(_("The file is too large."), field="file", remedy=_("Bring it in parts."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(_("The file is not in UTF-8."), field="file") from None
    if not text.strip():
        raise Refused(_("The file is empty."), field="file")
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ",")
    head = [name.strip().lower() for name in next(rows)]
    place = next((head.index(name) for name in _HEADS if name in head), None)
    if place is None:
        if not re.fullmatch(r"s\d+", head[0]):
            raise Refused(
                _("The file has no column “service”."), field="file", remedy=_("Name it in the first line.")
            )
        return _checked([ServiceWish(service=head[0].upper()), *_plain(rows)], "file")
    templates = {template.name for template in inventory.templates(ctx)}
    found = [
        _row(ctx, head, place, row, templates, line)
        for line, row in enumerate(rows, 2)
        if any(map(str.strip, row))
    ]
    return _checked(found, "file")


def _plain(rows: Iterable[list[str]]) -> list[ServiceWish]:
    return [ServiceWish(service=row[0].strip().upper()[:40]) for row in rows if row and row[0].strip()]


def _row(
    ctx: Context, head: list[str], place: int, row: list[str], templates: set[str], line: int
) -> ServiceWish:
    if len(row) != len(head):
        raise Refused(
            _("Line {n} has {found} columns, not {wanted}.", n=line, found=len(row), wanted=len(head)),
            field="file",
        )
    parameters: dict[str, str] = {}
    picks: dict[str, str] = {}
    for name, raw in zip(head, row, strict=True):
        value = raw.strip()
        if head.index(name) == place or not value:
            continue
        if name not in templates:
            parameters[name] = value
        elif (item := inventory.find(ctx, value) or inventory.find(ctx, f"+{value.lstrip('+')}")) is None:
            raise Refused(_("Line {n}: “{value}” is not in stock.", n=line, value=value), field="file")
        else:
            picks[name] = item.number
    return ServiceWish(service=row[place].strip().upper()[:40], parameters=parameters, picks=picks)


def _checked(found: list[ServiceWish], field: str) -> list[ServiceWish]:
    if not found:
        raise Refused(_("Name at least one service."), field=field)
    if len(found) > MOST_SERVICES:
        raise Refused(
            _("More than {n} services.", n=MOST_SERVICES), field=field, remedy=_("Bring them in parts.")
        )
    return found

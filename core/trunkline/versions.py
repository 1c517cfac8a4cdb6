"""The second editor's answer: what they wrote beside what is there now."""

from collections.abc import Mapping
from typing import Protocol

from trunkline.errors import Conflict
from trunkline.i18n import gettext as _


class Versioned(Protocol):
    """A row that counts its changes."""

    @property
    def version(self) -> int: ...


def require_version(row: Versioned, version: int | None, wanted: Mapping[str, object] | None = None) -> None:
    """Raise Conflict naming both values of each field that differs, when `row` has moved on from `version`.

    None skips the check (imports, and REST clients that sent `If-Match: *`).
    """
    if version is None or row.version == version:
        return
    differences = [
        _(
            "{field}: now “{theirs}”, yours “{yours}”",
            field=name.replace("_", " "),
            theirs=_shown(theirs),
            yours=_shown(yours),
        )
        for name, yours in (wanted or {}).items()
        if _shown(theirs := getattr(row, name, None)) != _shown(yours)
    ]
    message: str = _("Somebody changed this after you opened it.")
    if differences:
        message += " " + "; ".join(str(part) for part in differences) + "."
    raise Conflict(message, field="version", remedy=_("Open it again and make your change there."))


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(getattr(item, "value", item)) for item in value)
    return str(getattr(value, "value", value))

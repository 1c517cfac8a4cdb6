"""Who changed a plugin's settings, when, and from what to what; secrets appear masked, as the log keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from trunkline.activity.models import ActivityEntry
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.operation import Context
from trunkline.settings.operations import model_of

#: As many as fit beside a form; the activity log has the rest.
SHOWN = 8
#: Entries of other plugins' settings lie between, so more are read than shown.
_READ = 200


@dataclass(frozen=True)
class SettingsChange:
    """One saving of the page. `what` are (label of the setting, change in words)."""

    at: datetime
    actor: str
    what: Sequence[tuple[str, str]]


def history(ctx: Context, owner: str) -> list[SettingsChange]:
    """The latest changes of one plugin's settings, newest first. Raises NotFound."""
    _plugin, model = model_of(ctx, owner)
    rows = ctx.session.execute(
        select(col(ActivityEntry.at), col(ActivityEntry.actor), col(ActivityEntry.details))
        .where(col(ActivityEntry.operation) == "core.settings.edit")
        .order_by(col(ActivityEntry.at).desc(), col(ActivityEntry.id).desc())
        .limit(_READ)
    ).all()
    found = []
    for row in rows:
        details = row.details or {}
        if details.get("owner") != owner:
            continue
        changed: dict[str, object] = dict(details.get("settings", {}))
        if reset := details.get("reset"):
            changed[reset] = str(_("back to the default"))
        labels: dict[str, str] = {
            name: str(translate(info.title)) if info.title else name
            for name, info in model.model_fields.items()
        }
        what = [(labels.get(name, name), _readable(str(how))) for name, how in changed.items()]
        found.append(SettingsChange(row.at, row.actor, what))
        if len(found) == SHOWN:
            break
    return found


def _readable(how: str) -> str:
    """`before → after` with the words of switches and of nothing in the reader's language."""
    words = {"True": str(_("on")), "False": str(_("off")), "None": "–", "": "–"}
    return " → ".join(words.get(part, part) for part in how.split(" → "))

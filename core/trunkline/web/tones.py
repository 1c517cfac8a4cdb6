"""What a state means to the eye: each state word of any entity has one tone, the same on every page."""

from enum import Enum
from functools import lru_cache

from trunkline.i18n import gettext

_ = gettext

#: Short words that templates may use for tones.
ALIASES = {
    "ok": "success",
    "warn": "warning",
    "bad": "danger",
    "mute": "secondary",
    "error": "danger",
    "": "secondary",
    "primary": "info",
}

_TONES = {
    "success": "active succeeded paid delivered sent ok available done approved enabled published completed verified "
    "registered connected settled accepted in_stock signs",
    "warning": "suspended paused warning due pending_approval held waiting directory retrying expiring partial low unverified "
    "parked maintenance quarantine quarantined rolling_back rolled_back",
    "danger": "failed failing rollback_failed overdue error refused lost stolen blocked broken rejected bounced barred locked "
    "disputed expired",
    "info": "provisioning running pending queued new open issued assigned scheduled sending reserved in_progress "
    "activating changing terminating processing started invited verifies under_way",
}
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words.split()}

#: English words of states that are shown by `ui.state`, marked here so that every language has them.
STATE_LABELS = {
    "active": _("Active"),
    "pending": _("Pending"),
    "suspended": _("Suspended"),
    "closed": _("Closed"),
    "archived": _("Archived"),
    "draft": _("Draft"),
    "queued": _("Queued"),
    "running": _("Running"),
    "succeeded": _("Succeeded"),
    "failed": _("Failed"),
    "failing": _("Failing"),
    "rolling_back": _("Rolling back"),
    "rolled_back": _("Rolled back"),
    "rollback_failed": _("Rollback failed"),
    "cancelled": _("Cancelled"),
    "provisioning": _("Provisioning"),
    "terminating": _("Terminating"),
    "terminated": _("Terminated"),
    "paid": _("Paid"),
    "open": _("Open"),
    "overdue": _("Overdue"),
    "issued": _("Issued"),
    "voided": _("Voided"),
    "sending": _("Sending"),
    "sent": _("Sent"),
    "ended": _("Ended"),
    "delivered": _("Delivered"),
    "parked": _("Parked"),
    "available": _("Available"),
    "in_stock": _("In stock"),
    "reserved": _("Reserved"),
    "assigned": _("Assigned"),
    "quarantine": _("Quarantine"),
    "broken": _("Broken"),
    "enabled": _("Enabled"),
    "disabled": _("Disabled"),
    "in_progress": _("In progress"),
    "completed": _("Completed"),
    "waiting": _("Waiting"),
    "invited": _("Invited"),
    "directory": _("Waits for the directory"),
    "expired": _("Expired"),
    "approved": _("Approved"),
    "refused": _("Refused"),
    "withdrawn": _("Withdrawn"),
}


def _word(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def tone_of(value: object) -> str:
    """The tone (success, warning, danger, info, secondary) of a state word, or of a short tone name."""
    return _tone(_word(value))


@lru_cache(maxsize=1024)
def _tone(shown: str) -> str:
    word = shown.lower().replace("-", "_").replace(" ", "_")
    if word in ("success", "warning", "danger", "info", "secondary"):
        return word
    return ALIASES.get(word) or _TONE_OF.get(word, "secondary")


def lazy_state_label(value: object) -> str:
    """The state in words, translated when it is shown; an unknown state is written as it is named."""
    word = _word(value)
    return STATE_LABELS.get(word.lower()) or gettext(word.replace("_", " ").capitalize())


def state_label(value: object) -> str:
    """The state in words of the reader's language, now."""
    return str(lazy_state_label(value))


def state_within(value: object) -> str:
    """The state as it stands within a sentence of the reader's language, now."""
    return state_label(value).lower()

"""What an activity entry says, in words: “Invoice issued” instead of `billing.invoice.issue`."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from trunkline.i18n import format_date, format_datetime, format_money, format_number, translate
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.web.tones import lazy_state_label
from trunkline.web.writing import identifier_text

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
#: Columns that count fractions of a currency end in how small these are; people read the whole.
_FRACTION = re.compile(r"_(micros|nanos|minor)$")
#: What tells people nothing: how small fractions are, and that another row is meant by its key.
_ENDING = re.compile(r"_(micros|nanos|minor|id)$")
_DIGITS = {"micros": 6, "nanos": 9}

#: Languages whose participles agree with the noun set the two apart.
_HEADLINE = _("{noun} {done}")
_VERBS = {
    "create": _("registered"),
    "created": _("added"),
    "edit": _("changed"),
    "changed": _("changed"),
    "deleted": _("removed"),
    "delete": _("removed"),
    "archive": _("archived"),
    "issue": _("issued"),
    "cancel": _("cancelled"),
    "retry": _("retried"),
    "suspend": _("suspended"),
    "resume": _("resumed"),
    "terminate": _("terminated"),
    "record": _("recorded"),
    "run": _("run"),
    "invite": _("invited"),
    "import": _("imported"),
    "assign": _("assigned"),
    "release": _("released"),
    "reveal": _("looked at"),
    "change": _("changed"),
    "view": _("viewed"),
    "sign_in": _("signed in"),
    "sign_in_failed": _("failed to sign in"),
    "sign_out": _("signed out"),
    "set_password": _("set a password"),
    "forgot_password": _("asked for a new password"),
    "edit_own": _("changed own data"),
    "take_back_email": _("took the change of address back"),
    "change_email": _("changed the address"),
    "keep_email": _("kept the address"),
    "ask_email": _("asked for another address"),
    "impersonation_end": _("left by a colleague"),
    "disable": _("disabled"),
    "reverse": _("reversed"),
    "move": _("moved"),
    "configure": _("configured"),
    "adjust": _("adjusted"),
    "approve": _("approved"),
    "ask": _("asked for"),
    "withdraw": _("withdrawn"),
    "expire": _("expired"),
    "export": _("exported"),
    "seal": _("sealed"),
    "impersonate": _("acted for"),
    "enable": _("enabled"),
    "revoke": _("revoked"),
    "restore": _("restored"),
    "confirm": _("confirmed"),
    "refuse": _("refused"),
    "test": _("tested"),
    "use": _("used"),
    "merge": _("merged"),
    "unmerge": _("unmerged"),
    "tell_apart": _("told apart"),
    "erase": _("erased"),
    "make": _("made"),
}
#: Nouns that are not said as they are spelt, or that nothing else of the trunk says.
_NOUNS = {
    "access": _("Access"),
    "api_key": _("API key"),
    "approval": _("Approval"),
    "backup": _("Backup"),
    "brand": _("Brand"),
    "break_glass": _("Emergency access"),
    "email": _("E-mail"),
    "impersonation": _("Work as somebody else"),
    "interaction": _("Interaction"),
    "mail_template": _("Letter"),
    "portal_user": _("Portal user"),
    "signing_key": _("Signing key"),
    "sms": _("Text message"),
    "user": _("User"),
    "webhook": _("Webhook"),
}
#: Columns and details whose names are no words.
_FIELDS = {
    "at": _("Time"),
    "break_glass_until": _("Emergency access until"),
    "email": _("E-mail"),
    "external_id": _("External id"),
    "held": _("Entries of the elements"),
    "html": _("HTML"),
    "in_canary": _("First ones under way"),
    "is_builtin": _("Built in"),
    "is_default": _("Default"),
    "kid": _("Key id"),
    "password_hash": _("Password"),
    "public_jwk": _("Public key"),
    "sha256": _("Checksum"),
    "tax_id": _("Tax id"),
    "tax_key": _("Tax id without signs"),
    "url": _("URL"),
}


def verb_of(operation: str, changes: Sequence[Mapping[str, Any]] = ()) -> str:
    """The operation's verb; for an edit, what it did to the first row: created, changed or deleted."""
    verb = operation.rpartition(".")[2]
    if verb in ("edit", "change") and changes and changes[0].get("action"):
        return str(changes[0]["action"])
    return verb


def title(operation: str, subject_kind: str = "", changes: Sequence[Mapping[str, Any]] = ()) -> str:
    """The entry's headline: what it was about and what was done to it."""
    thing, done = _said_of(operation, subject_kind, verb_of(operation, changes))
    return translate(_HEADLINE, noun=translate(thing), done=str(done))


@lru_cache(maxsize=1024)
def _said_of(operation: str, subject_kind: str, verb: str) -> tuple[str, str]:
    """What an operation was about and what it did, as people say it in English: a timeline tells the same again and again."""
    noun = operation.partition(".")[2].partition(".")[0]
    # Of looking at what belongs to a customer, what was looked at matters.
    if subject_kind and verb not in ("view", "reveal"):
        noun = subject_kind.partition("_")[2] or noun
    # A run that is run, as `billing.run.run` would have it, is said in two words.
    done = _("started") if verb == noun else _VERBS.get(verb, verb.replace("_", " "))
    return _NOUNS.get(noun) or noun.replace("customer_", "").replace("_", " ").capitalize(), done


def field(name: str) -> str:
    """A column or detail as people call it."""
    return translate(label_of(name))


def label_of(name: str) -> str:
    """The English message that names a column or detail."""
    return _FIELDS.get(name) or _ENDING.sub("", name).replace("_", " ").capitalize()


def is_amount(name: str) -> bool:
    """Whether a column or detail of this name counts fractions of a currency."""
    return _FRACTION.search(name) is not None


def value(logged: Any, name: str = "", currency: str = "") -> str | None:
    """A logged value of a field as people read it, amounts in `currency` where it is known; None where there was none."""
    if logged is None or logged == "" or logged == [] or logged == {}:
        return None
    if isinstance(logged, bool):
        return str(_("Yes") if logged else _("No"))
    if isinstance(logged, dict):
        own = str(logged.get("currency") or currency)
        return "; ".join(
            f"{field(str(key))}: {value(item, str(key), own) or '–'}" for key, item in logged.items()
        )
    if isinstance(logged, list):
        return ", ".join(value(item, name, currency) or "–" for item in logged)
    if isinstance(logged, int) and (fraction := _FRACTION.search(name)):
        return _money(logged, fraction[1], currency)
    if isinstance(logged, str) and _MOMENT.match(logged):
        return format_datetime(datetime.fromisoformat(logged))
    if isinstance(logged, str) and _DAY.fullmatch(logged):
        return format_date(date.fromisoformat(logged))
    if isinstance(logged, str) and name in ("state", "status"):
        return str(lazy_state_label(logged))
    return identifier_text(str(logged))


def _money(amount: int, unit: str, currency: str) -> str:
    if unit == "minor":
        if not currency:
            return str(_("{n} in minor units", n=format_number(amount)))
        return format_money(Money.of_minor(amount, currency).micros, currency)
    if unit == "micros" and currency:
        return format_money(amount, currency, exact=True)
    exact = _amount(Decimal(amount).scaleb(-_DIGITS[unit]))
    return f"{exact} {currency}".rstrip()


def _amount(exact: Decimal) -> str:
    """With the decimals it has, and two at least."""
    exponent = exact.normalize().as_tuple().exponent
    return format_number(exact, digits=max(2, -exponent if isinstance(exponent, int) else 2))

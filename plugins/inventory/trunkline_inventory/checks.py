"""Rules that values of template fields follow, and the one form in which each is kept."""

import re

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.web.tones import state_within
from trunkline_inventory.schemas import Check, FieldKind, ItemState, TemplateField

_DECORATION = re.compile(r"[\s().\-]")


def normalise(field: TemplateField, raw: str, *, country: str) -> str:
    """The value of `field` as it is kept; empty when it was left blank.

    `country` (ISO 3166) is where numbers without a country code belong. Raises Refused naming the field and the remedy.
    """
    value = raw.strip()
    if not value:
        if field.required:
            raise _refused(field, _("{label} is missing.", label=field.label), field.example)
        return ""
    if field.check is Check.PHONE:
        value = _phone(field, value, country)
    elif field.kind is FieldKind.DIGITS or field.check in (Check.ICCID, Check.IMSI):
        value = _digits(field, value)
    elif field.check is Check.HEX:
        value = _hexadecimal(field, value)
    elif field.kind is FieldKind.CHOICE and value not in field.choices:
        raise Refused(
            _("{label}: “{value}” is none of the choices.", label=field.label, value=value),
            field=field.name,
            remedy=_("Choose one of {choices}.", choices=", ".join(field.choices)),
        )
    _check_length(field, value)
    if field.check is Check.ICCID:
        _check_iccid(field, value)
    elif field.check is Check.IMSI and len(value) not in (14, 15):
        raise _refused(
            field,
            _("{label} has {n} digits; an IMSI has 14 or 15.", label=field.label, n=len(value)),
            field.example,
        )
    return value


def held_back(field: TemplateField, state: ItemState) -> str:
    """Why a further identifier of an item that somebody holds may not be corrected."""
    return str(
        _("{label} cannot change while the item is {state}.", label=field.label, state=state_within(state))
    )


def _refused(field: TemplateField, message: str, example: str) -> Refused:
    return Refused(
        message, field=field.name, remedy=_("Write it like {example}.", example=example) if example else None
    )


def _shown(field: TemplateField, value: str) -> str:
    """The value in a message; a secret never."""
    return "•••" if field.kind is FieldKind.SECRET else f"“{value}”"


def _digits(field: TemplateField, value: str) -> str:
    plain = _DECORATION.sub("", value)
    if not (plain.isascii() and plain.isdigit()):
        raise _refused(
            field,
            _("{label}: {value} holds more than digits.", label=field.label, value=_shown(field, value)),
            field.example,
        )
    return plain


def _hexadecimal(field: TemplateField, value: str) -> str:
    plain = _DECORATION.sub("", value).upper()
    if re.fullmatch(r"[0-9A-F]+", plain) is None:
        raise _refused(field, _("{label} is not hexadecimal (0–9, A–F).", label=field.label), "")
    return plain


def _check_length(field: TemplateField, value: str) -> None:
    least, most = field.min_length, field.max_length
    if least <= len(value) <= most:
        return
    wanted = str(least) if least == most else f"{least}–{most}"
    raise _refused(
        field,
        _(
            "{label} has {n} characters where {wanted} are due.",
            label=field.label,
            n=len(value),
            wanted=wanted,
        ),
        field.example,
    )


def _check_iccid(field: TemplateField, value: str) -> None:
    """ITU-T E.118: the last digit is a Luhn check digit (ISO/IEC 7812-1)."""
    from stdnum import luhn

    if not luhn.is_valid(value):
        raise Refused(
            _("{label}: the check digit of “{value}” is wrong.", label=field.label, value=value),
            field=field.name,
            remedy=_("Compare it with the card; it may have been cut or mistyped."),
        )


def _phone(field: TemplateField, value: str, country: str) -> str:
    import phonenumbers

    digits = _DECORATION.sub("", value)
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        parsed = None
    if (
        (parsed is None or not phonenumbers.is_possible_number(parsed))
        and digits.isascii()
        and digits.isdigit()
    ):
        # Vendors write E.164 without its plus.
        try:
            parsed = phonenumbers.parse(f"+{digits}")
        except phonenumbers.NumberParseException:
            parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise _refused(
            field,
            _("{label}: “{value}” is no phone number.", label=field.label, value=value),
            field.example or "+5551991234567",
        )
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))

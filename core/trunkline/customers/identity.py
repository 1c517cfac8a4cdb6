"""Tax ids, dates of birth, phone numbers, e-mail addresses and postal codes, checked and brought to one form."""

import re
from datetime import date
from functools import lru_cache
from typing import Any

from trunkline.errors import Refused
from trunkline.i18n import gettext as _

#: Where persons carry a number of the same scheme as companies; elsewhere a person's id is any short text.
_ONE_SCHEME = frozenset({"AR", "CL", "CO", "ES", "MX", "PT"})
#: Years; nobody on record lived for so long.
_OLDEST = 130
_LETTER_BEHIND = re.compile(r"[^\W\d_]$")


@lru_cache(maxsize=64)
def _vat_module(country: str) -> Any:
    from stdnum.util import get_cc_module

    return get_cc_module(country.lower(), "vat")


def tax_id_label(country: str, kind: str) -> str:
    """What the tax id is called there, for labels and messages."""
    if country == "BR":
        return "CPF" if kind == "individual" else "CNPJ"
    return _("VAT number") if kind == "business" and _vat_module(country) is not None else _("Tax id")


def check_tax_id(text: str, country: str, kind: str) -> str:
    """The compact tax id.

    Brazil: CPF for individuals (Receita Federal IN 1.548/2015), CNPJ for businesses, alphanumeric ones included
    (IN RFB 2.229/2024). Elsewhere the country's VAT number where python-stdnum knows it, else 4 to 30 letters and digits.
    Raises Refused (field `tax_id`) naming what is wrong.
    """
    text = text.strip()
    if not text:
        return ""
    if country == "BR":
        return _brazilian(text, kind)
    module = _vat_module(country) if kind == "business" or country in _ONE_SCHEME else None
    if module is None:
        return _plain(text)
    from stdnum.exceptions import ValidationError

    try:
        return str(module.validate(text))
    except ValidationError as error:
        raise Refused(
            _("“{text}” is not a valid {label}.", text=text, label=tax_id_label(country, kind)),
            field="tax_id",
            remedy=_why(error),
        ) from None


def check_tax_id_of_either(text: str, country: str) -> str:
    """`check_tax_id` for whoever acts, who may be a person or the business itself. Raises as it does."""
    compact = sum(character.isalnum() for character in text)
    # A CPF has 11 digits, a CNPJ 14: what is wrong is said of the one that was meant.
    kinds = ("individual", "business") if compact <= 11 else ("business", "individual")
    try:
        return check_tax_id(text, country, kinds[0])
    except Refused as refused:
        try:
            return check_tax_id(text, country, kinds[1])
        except Refused:
            raise refused from None


def _brazilian(text: str, kind: str) -> str:
    from stdnum.br import cnpj, cpf
    from stdnum.exceptions import InvalidComponent, ValidationError

    module: Any = cpf if kind == "individual" else cnpj
    try:
        compact = str(module.validate(text.upper()))
        if len(set(compact)) == 1:
            # 111.111.111-11 and its like pass the check digits and are never given to anybody.
            raise InvalidComponent()
        return compact
    except ValidationError as error:
        label = tax_id_label("BR", kind)
        remedy = _why(error)
        if kind == "individual" and cnpj.is_valid(text.upper()):
            remedy = _("This is a CNPJ: register a business instead.")
        elif kind == "business" and cpf.is_valid(text):
            remedy = _("This is a CPF: register an individual instead.")
        message = _("“{text}” is not a valid {label}.", text=text, label=label)
        raise Refused(message, field="tax_id", remedy=remedy) from None


def _why(error: Exception) -> str:
    """What to do about one of python-stdnum's refusals, whose own words are English."""
    from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

    if isinstance(error, InvalidLength):
        return _("It has too few or too many digits.")
    if isinstance(error, InvalidFormat):
        return _("It has characters that do not belong there.")
    if isinstance(error, InvalidChecksum):
        return _("Its check digits do not fit: compare each digit.")
    return _("Check the digits.")


def _plain(text: str) -> str:
    compact = "".join(character for character in text.upper() if character.isalnum())
    if not 4 <= len(compact) <= 30:
        raise Refused(_("A tax id has 4 to 30 letters and digits."), field="tax_id")
    return compact


@lru_cache(maxsize=4096)
def shown_tax_id(tax_id: str, country: str) -> str:
    """The tax id punctuated as people write it there."""
    if country != "BR" or not tax_id:
        return tax_id
    from stdnum.br import cnpj, cpf

    module: Any = cpf if len(tax_id) == 11 else cnpj
    return str(module.format(tax_id))


def check_phone(text: str, country: str, *, field: str = "phone") -> str:
    """The number in E.164 (ITU-T E.164), national numbers taken as of `country`. Raises Refused when it is no valid number."""
    text = text.strip()
    if not text:
        return ""
    import phonenumbers

    remedy = _("Write it with area code, or internationally as +55 11 91234-5678.")
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise Refused(_("“{text}” is not a phone number.", text=text), field=field, remedy=remedy) from None
    if parsed.extension or (_LETTER_BEHIND.search(text) and not phonenumbers.is_alpha_number(text)):
        # It would be gone without a word: only what is dialled is kept.
        raise Refused(
            _("“{text}” has more than the number.", text=text),
            field=field,
            remedy=_("Write the number alone, and an extension into the notes."),
        )
    if not phonenumbers.is_valid_number(parsed):
        raise Refused(_("“{text}” is not a valid phone number.", text=text), field=field, remedy=remedy)
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def check_birth_date(born: date, today: date) -> date:
    """A date of birth that somebody who lives can have. Raises Refused (field `birth_date`)."""
    if born > today:
        raise Refused(
            _("The date of birth is in the future."), field="birth_date", remedy=_("Compare the year.")
        )
    if born.year < today.year - _OLDEST:
        raise Refused(
            _("The date of birth is more than {years} years ago.", years=_OLDEST),
            field="birth_date",
            remedy=_("Compare the year."),
        )
    return born


def check_email(text: str, *, field: str = "email") -> str:
    """The address in its normal form (RFC 5321; internationalised domains allowed). Raises Refused when it is none."""
    text = text.strip()
    if not text:
        return ""
    # It reads large patterns, which no start should wait for.
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise Refused(
            _("“{text}” is not an e-mail address.", text=text),
            field=field,
            remedy=_("Write it as ana@example.com."),
        ) from None


def check_postal_code(text: str, country: str) -> str:
    """The postal code; Brazil's CEP as 00000-000. Raises Refused when it cannot be one."""
    text = text.strip().upper()
    if country != "BR" or not text:
        return text
    digits = "".join(character for character in text if character.isdigit())
    if len(digits) != 8:
        raise Refused(
            _("“{text}” is not a CEP.", text=text),
            field="postal_code",
            remedy=_("It has eight digits, as 01310-100."),
        )
    return f"{digits[:5]}-{digits[5:]}"

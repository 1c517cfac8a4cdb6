"""pydantic's error types in words that say what to do, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from trunkline.i18n import Lazy, format_number, gettext
from trunkline.web.field_kinds import FieldSpec

_ = gettext

_MESSAGES: dict[str, Lazy] = {
    "missing": _("Fill in {label}."),
    "string_too_short": _("{label}: write at least {min_length} characters."),
    "string_too_long": _("{label}: at most {max_length} characters; shorten it."),
    "too_short": _("{label}: choose at least {min_length}."),
    "too_long": _("{label}: choose at most {max_length}."),
    "string_pattern_mismatch": _("{label} is not written the expected way."),
    "greater_than": _("{label}: must be more than {gt}."),
    "greater_than_equal": _("{label}: must be {ge} or more."),
    "less_than": _("{label}: must be less than {lt}."),
    "less_than_equal": _("{label}: must be {le} or less."),
    "multiple_of": _("{label}: must be a multiple of {multiple_of}."),
    "int_parsing": _("{label}: write a whole number."),
    "int_type": _("{label}: write a whole number."),
    "int_from_float": _("{label}: write a whole number."),
    "decimal_parsing": _("{label}: write a number."),
    "decimal_type": _("{label}: write a number."),
    "decimal_max_places": _("{label}: at most {decimal_places} decimals."),
    "decimal_max_digits": _("{label}: at most {max_digits} digits."),
    "float_parsing": _("{label}: write a number."),
    "bool_parsing": _("{label}: choose yes or no."),
    "date_from_datetime_parsing": _("{label}: write a date, such as 2026-11-21."),
    "date_parsing": _("{label}: write a date, such as 2026-11-21."),
    "date_type": _("{label}: write a date, such as 2026-11-21."),
    "date_past": _("{label}: must be in the past."),
    "date_future": _("{label}: must be in the future."),
    "datetime_parsing": _("{label}: write date and time, such as 2026-11-21 14:30."),
    "datetime_from_date_parsing": _("{label}: write date and time, such as 2026-11-21 14:30."),
    "timezone_aware": _("{label}: say the time zone."),
    "time_parsing": _("{label}: write a time, such as 14:30."),
    "enum": _("{label}: choose one of the list."),
    "literal_error": _("{label}: choose one of the list."),
    "url_parsing": _("{label}: write a web address, such as https://example.com."),
    "url_scheme": _("{label}: the address must start with {expected_schemes}."),
    "ip_any_address": _("{label}: write an IP address, such as 203.0.113.7."),
    "ip_v4_address": _("{label}: write an IPv4 address, such as 203.0.113.7."),
    "ip_any_network": _("{label}: write a network, such as 203.0.113.0/24."),
    "uuid_parsing": _("{label} is not a valid key."),
    "extra_forbidden": _("There is no field of that name."),
    "string_type": _("Fill in {label}."),
    "none_required": _("{label} must be empty."),
    "json_invalid": _("{label}: this is not JSON."),
}
_LIKE = _("{label}: write it like {example}.")
_EMAIL = _("{label}: write an e-mail address, such as ana@example.com.")


def message_for(error: Mapping[str, Any], spec: FieldSpec | None) -> str:
    """One pydantic error in words. What a validator of ours raised (`value_error`) is already meant for people."""
    kind, context = str(error.get("type", "")), dict(error.get("ctx") or {})
    label = spec.label if spec else _("This form")
    blank = error.get("input") in (None, "", [])
    if kind in ("value_error", "assertion_error"):
        cause = context.get("error")
        if (
            kind == "value_error"
            and spec is not None
            and (spec.widget == "email" or "email" in str(error.get("msg", "")))
        ):
            return _EMAIL.filled(label=label)
        return str(cause) if cause is not None else str(error.get("msg", "")).removeprefix("Value error, ")
    if kind in ("string_too_short", "too_short") and blank:
        kind = "missing"
    if kind == "string_pattern_mismatch" and spec is not None and spec.example:
        return _LIKE.filled(label=label, example=spec.example)
    known = _MESSAGES.get(kind)
    if known is None:
        return f"{label}: {error.get('msg', '')}."
    figures = {
        name: format_number(value) if isinstance(value, int | float) else value
        for name, value in context.items()
    }
    return known.filled(label=label, **figures)

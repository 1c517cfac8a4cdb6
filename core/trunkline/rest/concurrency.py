"""Optimistic concurrency over REST (RFC 9110 §13.1.1): the ETag is the row's version, updates send it back as `If-Match`."""

from typing import Any

from fastapi import Depends, Header

from trunkline.errors import Refused
from trunkline.i18n import gettext as _

_HEADER: Any = Header(
    "", description='The `version` that was read, as `"3"`; `*` overwrites whatever is there.'
)


def _read_if_match(if_match: str = _HEADER) -> int | None:
    text = if_match.strip().removeprefix("W/").strip('"')
    if text == "*":
        return None
    if not text.isdecimal():
        raise Refused(
            _("An update needs the header If-Match."),
            field="If-Match",
            remedy=_("Send the version you read, or * to overwrite."),
        )
    return int(text)


#: Default value of a handler's `version: int | None`.
if_match: Any = Depends(_read_if_match)


def _read_if_sent(if_match: str = _HEADER) -> int | None:
    return _read_if_match(if_match) if if_match.strip() else None


#: The same where an update without the header overwrites, too.
if_match_or_none: Any = Depends(_read_if_sent)

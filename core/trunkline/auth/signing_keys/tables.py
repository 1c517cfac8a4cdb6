"""The list of keys that sign access tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select
from sqlmodel import col

from trunkline.auth.signing_keys.models import SigningKey
from trunkline.i18n import gettext
from trunkline.operation import Context
from trunkline.web.tables import Column, Empty, Kind, Table

_ = gettext

SIGNING_KEYS = Table(
    "signing-keys",
    [
        Column("created_at", _("Signs from"), Kind.DATETIME, align="start"),
        Column(
            "state",
            _("Status"),
            Kind.STATUS,
            labels={"signs": _("Signs"), "verifies": _("Verifies"), "over": _("Over")},
        ),
        Column("retired_at", _("Until"), Kind.DATETIME, priority=3),
        Column("verifies_until", _("Its tokens count until"), Kind.DATETIME, priority=2),
        Column("kid", _("Key"), Kind.MONO, priority=2),
        Column("algorithm", _("Algorithm"), Kind.MONO, priority=3),
    ],
    label=_("Signing keys"),
    empty=Empty(
        _("No key yet"),
        _("The first one is made when a program signs in, or now with “Change the key”."),
        "key",
    ),
)


def list_keys(ctx: Context) -> Select[Any]:
    """Every key, the private parts left out."""
    now: datetime = ctx.now()
    state = case(
        (col(SigningKey.retired_at).is_(None), "signs"),
        (col(SigningKey.verifies_until) > now, "verifies"),
        else_="over",
    )
    return select(
        col(SigningKey.id).label("id"),
        col(SigningKey.kid).label("kid"),
        col(SigningKey.algorithm).label("algorithm"),
        state.label("state"),
        col(SigningKey.created_at).label("created_at"),
        col(SigningKey.retired_at).label("retired_at"),
        col(SigningKey.verifies_until).label("verifies_until"),
    )

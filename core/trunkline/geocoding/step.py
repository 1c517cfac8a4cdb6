"""The job step that asks a provider for every address that waits, one after the other at the pace its terms allow."""

import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import col

from trunkline.customers.models import Site
from trunkline.errors import Refused, Unavailable
from trunkline.geocoding.models import GeocodedAddress
from trunkline.geocoding.operations import KEPT, STEP, WAITING, address_of, answered, digest_of, gave_up
from trunkline.geocoding.providers import provider_of, terms_of
from trunkline.i18n import gettext as _
from trunkline.jobs.steps import StepContext, TryAgain
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline.providers import GeocodingProvider, Place
from trunkline.settings.core import CoreSettings

_TURN = 200
_TRIES = 40


def locate(step: StepContext) -> dict[str, Any]:
    """Look up what waits; up to a turn's number, the rest is the next job's. No transaction is open while a provider is asked."""
    done = 0
    for _turn in range(_TURN):
        if step.cancelled():
            break
        with step.unit_of_work() as ctx:
            provider, seconds = provider_of(ctx), 60 / ctx.settings(CoreSettings).geocoding_per_minute
            site = ctx.session.scalars(
                select(Site).where(col(Site.locating) == WAITING).order_by(col(Site.id)).limit(1)
            ).first()
            if site is None or provider is None:
                break
            key, address, country = site.key, address_of(site), site.country
            kept, pause = _kept(ctx, provider, address, country), _pause(ctx, seconds)
        if kept is None:
            time.sleep(pause)
            kept = _ask(step, provider, key, address, country)
        if kept is not None:
            with step.unit_of_work() as ctx:
                answered(ctx, key, address, provider.name, kept.place, kept.asked_at)
            done += 1
    return {"looked_up": done}


class _Kept:
    """An answer of `asked_at`, which may be that nobody knows the place."""

    def __init__(self, place: Place | None, asked_at: datetime) -> None:
        self.place, self.asked_at = place, asked_at


def _ask(
    step: StepContext, provider: GeocodingProvider, key: int, address: str, country: str
) -> _Kept | None:
    try:
        place = provider.locate(address, country)
    except Unavailable as error:
        raise TryAgain(str(error), after=timedelta(minutes=5), limit=_TRIES) from error
    except Refused as error:
        step.log(str(error), "warn")
        with step.unit_of_work() as ctx:
            gave_up(ctx, key)
        return None
    with step.unit_of_work() as ctx:
        asked_at = ctx.now()
        _keep(ctx, provider.name, address, country, place)
    step.log(str(_("One address: {found}", found=_("found") if place else _("not known"))))
    return _Kept(place, asked_at)


def _kept(ctx: Context, provider: GeocodingProvider, address: str, country: str) -> _Kept | None:
    kept = terms_of(provider).kept or KEPT
    row = ctx.session.scalars(
        select(GeocodedAddress).where(
            col(GeocodedAddress.digest) == digest_of(provider.name, address, country),
            col(GeocodedAddress.asked_at) > ctx.now() - kept,
        )
    ).one_or_none()
    if row is None:
        return None
    known = row.latitude is not None and row.longitude is not None
    place = Place(row.latitude or 0.0, row.longitude or 0.0, row.label, row.rough) if known else None
    return _Kept(place, row.asked_at)


def _pause(ctx: Context, seconds: float) -> float:
    """Seconds until the next question is within the service's terms."""
    last: datetime | None = ctx.session.scalar(select(func.max(col(GeocodedAddress.asked_at))))
    since = (ctx.now() - last).total_seconds() if last is not None else seconds
    return min(max(seconds - since, 0.0), seconds)


def _keep(ctx: Context, provider: str, address: str, country: str, place: Place | None) -> None:
    values = {
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "label": place.label[:300] if place else "",
        "rough": place is not None and place.rough,
        "asked_at": ctx.now(),
    }
    digest = digest_of(provider, address, country)
    same = update(GeocodedAddress).where(col(GeocodedAddress.digest) == digest)
    done: Any = ctx.session.execute(same.values(**values))
    if not done.rowcount:
        ctx.session.execute(insert(GeocodedAddress).values(digest=digest, provider=provider, **values))


LOCATE = StepKind(STEP, _("Ask where addresses are"), locate, irreversible=True, timeout=timedelta(hours=1))

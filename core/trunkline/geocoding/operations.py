"""Where a site is: asked for, answered, pinned by hand."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlmodel import col

from trunkline.customers import queries
from trunkline.customers.models import Site
from trunkline.errors import Refused
from trunkline.geocoding.events import SiteLocated
from trunkline.geocoding.models import MANUAL, GeocodedAddress
from trunkline.geocoding.providers import known_terms, provider_of
from trunkline.geocoding.schemas import PinSite
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, JobState
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.operation import Context, operation
from trunkline.providers import Place
from trunkline.versions import require_version

KIND = "core.geocoding"
STEP = "core.locate"
WAITING, UNKNOWN, FAILED, ROUGH = "waiting", "unknown", "failed", "rough"
_EXPIRING = 200
#: An address may be built on, or a map corrected: after so long it is asked for again where terms do not say sooner.
KEPT = timedelta(days=180)


def address_of(site: Site) -> str:
    """The address as a provider reads it: street, postal code, town, state. The country goes beside it."""
    return ", ".join(
        filter(None, (site.street, " ".join(filter(None, (site.postal_code, site.city))), site.state))
    )


def address_changed(ctx: Context, site: Site) -> None:
    """Have a site looked up whose address is new; part of operations. A pin set by hand stays, and off means off."""
    if site.located_by == MANUAL:
        return
    _forget_place(site)
    if provider_of(ctx) is not None and (site.street or site.postal_code) and site.city:
        _wait(ctx, site)


@operation("core.customer.edit")
def look_up(ctx: Context, number: str, site_id: int) -> Site:
    """Ask the provider again where a site is, a pin set by hand included. Raises Refused where none is chosen."""
    site = queries.site(ctx, queries.to_change(ctx, number), site_id)
    if provider_of(ctx) is None:
        raise Refused(
            _("Addresses are not looked up here."),
            remedy=_("An administrator chooses a provider in the settings, under Maps."),
        )
    if not address_of(site):
        raise Refused(_("This site has no address."), remedy=_("Write one first."))
    _wait(ctx, site)
    ctx.note(site, label=f"{number} {site.name}")
    return site


@operation("core.customer.edit")
def pin(ctx: Context, number: str, site_id: int, command: PinSite) -> Site:
    """Say by hand where a site is; without coordinates its address decides again. Raises Conflict when it was changed since."""
    site = queries.site(ctx, queries.to_change(ctx, number), site_id)
    require_version(site, command.version, {"latitude": command.latitude, "longitude": command.longitude})
    site.locating = site.located_as = ""
    site.located_at = None
    if command.latitude is None or command.longitude is None:
        site.located_by = ""
        address_changed(ctx, site)
    else:
        site.latitude, site.longitude, site.located_by = command.latitude, command.longitude, MANUAL
    ctx.note(site, label=f"{number} {site.name}")
    ctx.emit(_located(site))
    return site


@operation("core.customer.edit")
def answered(
    ctx: Context, site_id: int, address: str, provider: str, place: Place | None, asked_at: datetime
) -> None:
    """Keep what a provider said about a site at `asked_at`, if its address is still the one that was asked for."""
    site = ctx.load(Site, site_id, lock=True)
    if site.locating != WAITING or address_of(site) != address:
        return
    site.locating = UNKNOWN if place is None else ROUGH if place.rough else ""
    if place is not None:
        site.latitude, site.longitude = round(place.latitude, 6), round(place.longitude, 6)
        site.located_by, site.located_as = provider, place.label[:300]
        site.located_at = asked_at
        ctx.emit(_located(site))
    ctx.note(site, label=site.name)


@operation("core.customer.edit")
def gave_up(ctx: Context, site_id: int) -> None:
    """Note that a provider refused a site's address."""
    site = ctx.load(Site, site_id, lock=True)
    if site.locating == WAITING:
        site.locating = FAILED
        ctx.note(site, label=site.name)


def _located(site: Site) -> SiteLocated:
    return SiteLocated(entity_id=site.key, customer_id=site.customer_id, located_by=site.located_by)


def _forget_place(site: Site) -> None:
    site.latitude = site.longitude = site.located_at = None
    site.located_by = site.located_as = site.locating = ""


@operation("core.customer.edit")
def expire(ctx: Context) -> None:
    """Forget answers that their provider's terms let nobody keep longer; those of the provider in use are asked for again.

    Some at a time: what is left is the next call's.
    """
    chosen, gone = provider_of(ctx), list[SiteLocated]()
    for name, terms in known_terms(ctx).items():
        before = ctx.now() - (terms.kept or KEPT)
        old = (col(GeocodedAddress.provider) == name) & (col(GeocodedAddress.asked_at) < before)
        ctx.session.execute(delete(GeocodedAddress).where(old))
        if terms.kept is None:
            continue
        of_provider = (col(Site.located_by) == name) & (col(Site.located_at) < before)
        for site in ctx.session.scalars(
            select(Site).where(of_provider).order_by(col(Site.id)).limit(_EXPIRING).with_for_update()
        ):
            _forget_place(site)
            if chosen is not None and chosen.name == name:
                site.locating = WAITING
            ctx.note(site, label=site.name)
            gone.append(_located(site))
    ctx.emit_all(gone)


def digest_of(provider: str, address: str, country: str) -> str:
    """Under what a provider's answer for an address is kept."""
    return hashlib.sha256("\n".join((provider, country, address.casefold())).encode()).hexdigest()


def forget_answers(ctx: Context, sites: Sequence[Site]) -> int:
    """Drop what providers said about these sites' addresses; part of operations that erase them. Returns how many."""
    providers = ctx.session.scalars(select(col(GeocodedAddress.provider)).distinct()).all()
    kept = [digest_of(one, address_of(site), site.country) for one in providers for site in sites]
    called = [site.located_as for site in sites if site.located_as]
    gone: Any = ctx.session.execute(
        delete(GeocodedAddress).where(
            or_(col(GeocodedAddress.digest).in_(kept), col(GeocodedAddress.label).in_(called))
        )
    )
    return int(gone.rowcount)


def _wait(ctx: Context, site: Site) -> None:
    site.locating = WAITING
    ctx.session.flush()
    start(ctx)


def start(ctx: Context) -> None:
    """Queue the one job that looks addresses up, unless it is under way: one at a time keeps to a service's terms."""
    open_ = select(col(Job.id)).where(
        col(Job.kind) == KIND, col(Job.state).in_((JobState.QUEUED, JobState.RUNNING))
    )
    if ctx.session.scalars(open_.limit(1)).first() is None:
        enqueue(
            ctx,
            kind=KIND,
            title=str(_("Look up addresses")),
            steps=[PlannedStep(STEP)],
            key=f"{KIND}:{ctx.now().isoformat()}",
            priority=8,
        )


def start_if_waiting(ctx: Context) -> None:
    """For the scheduler: what came while the job was ending, waits since the service did not answer, or is to be asked again."""
    expire(ctx)
    waits = select(col(Site.id)).where(col(Site.locating) == WAITING).limit(1)
    if provider_of(ctx) is not None and ctx.session.scalars(waits).first() is not None:
        start(ctx)

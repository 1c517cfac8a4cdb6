"""Looking a site's address up, and pinning it by hand."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.customers import queries
from trunkline.geocoding import operations
from trunkline.geocoding.maps import allow_tiles, drawable, map_of
from trunkline.geocoding.providers import known_terms
from trunkline.geocoding.schemas import PinSite
from trunkline.i18n import gettext as _
from trunkline.web.form_pages import FormPage
from trunkline.web.pages import Page, Pages

pages = Pages()
_EDIT = "core.customer.edit"


@pages.post("/customers/{number}/sites/{key:int}/locate", permission=_EDIT)
def locate(page: Page, number: str, key: int) -> Response:
    operations.look_up(page.ctx, number, key)
    return page.redirect(f"/customers/{number}/sites", str(_("The address is being looked up.")))


def _initial(page: Page, number: str, key: int) -> Mapping[str, Any]:
    customer = queries.get(page.ctx, number)
    site = queries.site(page.ctx, customer, key)
    here = f"/customers/{customer.number}"
    page.title = str(_("Where {name} is", name=site.name))
    page.crumbs(
        (str(_("Customers")), "/customers"),
        (customer.name, here),
        (str(_("Sites")), f"{here}/sites"),
        (str(_("Pin")), ""),
    )
    return {
        "latitude": site.latitude,
        "longitude": site.longitude,
        "version": site.version,
        "form_options": {"cancel": f"{here}/sites"},
    }


def _extra(page: Page, number: str, key: int) -> Mapping[str, Any]:
    customer = queries.get(page.ctx, number)
    site = queries.site(page.ctx, customer, key)
    sites = drawable(queries.sites_of(page.ctx, customer.key), known_terms(page.ctx))
    near = [one for one in sites if one.latitude is not None]
    centre = next(([one.latitude, one.longitude] for one in near), [0.0, 0.0])
    return {
        "site": site,
        "address": operations.address_of(site),
        "map": map_of(page.ctx),
        "centre": json.dumps(centre),
        "known": bool(near),
    }


def _pinned(page: Page, command: PinSite, number: str, key: int) -> Response:
    operations.pin(page.ctx, number, key, command)
    return page.redirect(f"/customers/{number}/sites", str(_("Saved.")))


_PIN = FormPage(PinSite, "geocoding/pin.html", _("Pin"), _pinned, _initial, _extra, "")
_PLACE = "/customers/{number}/sites/{key:int}/pin"


@pages.get(_PLACE, permission=_EDIT)
def show_pin(page: Page, number: str, key: int) -> Response:
    return allow_tiles(_PIN.show(page, number=number, key=key), map_of(page.ctx))


@pages.post(_PLACE, permission=_EDIT)
def pin(page: Page, number: str, key: int) -> Response:
    return allow_tiles(_PIN.submit_form(page, number=number, key=key), map_of(page.ctx))

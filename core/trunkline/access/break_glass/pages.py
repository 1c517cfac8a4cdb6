"""Taking every permission in an emergency, the banner that says so, and the list of who did."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from trunkline.access.break_glass import operations, queries
from trunkline.access.break_glass.schemas import BreakGlassReason
from trunkline.access.break_glass.tables import BREAK_GLASS
from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.settings.core import CoreSettings
from trunkline.web.pages import SIGNED_IN, Page, Pages

pages = Pages()
_LATELY = timedelta(days=7)


@pages.get("/break-glass", permission="core.break_glass.list")
def accesses(page: Page) -> Response:
    page.title = str(_("Emergency access"))
    page.crumbs((page.title, ""))
    return page.table(
        "break_glass/list.html",
        BREAK_GLASS,
        queries.list_accesses(page.ctx),
        running=queries.running(page.ctx),
    )


def taken_lately(page: Page, subject: object) -> str | None:
    """For who oversees: each is to be looked at once, and a week is time enough."""
    count = queries.taken_since(page.ctx, page.ctx.now() - _LATELY)
    return waiting(
        page, _("Emergency accesses in the last seven days"), count, "/break-glass", "urgent", bad=True
    )


def _initial(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Emergency access")), ""), (str(_("Take")), ""))
    most = page.ctx.settings(CoreSettings).break_glass_minutes
    return {"minutes": min(30, most), "form_options": {"cancel": "/", "danger": True}}


@pages.form(
    "/break-glass/take",
    permission="core.break_glass.use",
    schema=BreakGlassReason,
    template="break_glass/take.html",
    title=_("Take every permission"),
    initial=_initial,
    extra=lambda page: {"held": queries.own(page.ctx), "all_anyway": page.actor.permissions is None},
    submit=_("Take every permission"),
    sudo=True,
)
def take(page: Page, command: BreakGlassReason) -> Response:
    operations.take(page.ctx, command)
    return page.redirect("/", str(_("You hold every permission now. The administrators have been told.")))


@pages.post("/break-glass/end", permission=SIGNED_IN)
def end_own(page: Page) -> Response:
    operations.end_own(page.ctx)
    return page.redirect("/", str(_("Your emergency access is over.")))


@pages.post("/break-glass/{access_id:int}/end", permission="core.break_glass.disable")
def end(page: Page, access_id: int) -> Response:
    access = operations.end(page.ctx, access_id)
    return page.redirect("/break-glass", str(_("The emergency access of {name} is over.", name=access.name)))


def banner(page: Page, _subject: object) -> str | None:
    """What somebody with emergency access reads on top of every page."""
    until = page.actor.break_glass
    return None if until is None else page.fragment("break_glass/banner.html", until=until)


def account_entry(page: Page, _subject: object) -> str | None:
    """The way to emergency access, for those who may take it and have not."""
    if page.actor.break_glass is not None or page.actor.permissions is None:
        return None
    return page.fragment("break_glass/account_entry.html")

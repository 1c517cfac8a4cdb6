"""The page of the keys that sign access tokens."""

from starlette.responses import Response

from trunkline.auth.signing_keys import operations
from trunkline.auth.signing_keys.tables import SIGNING_KEYS, list_keys
from trunkline.i18n import gettext
from trunkline.web.pages import Page, Pages

_ = gettext

pages = Pages()


@pages.get("/signing-keys", permission="core.signing_key.list")
def show_keys(page: Page) -> Response:
    page.title = _("Signing keys")
    page.crumbs((page.title, ""))
    return page.table("signing_keys/list.html", SIGNING_KEYS, list_keys(page.ctx))


@pages.post("/signing-keys/rotate", permission="core.signing_key.change", sudo=True)
def rotate(page: Page) -> Response:
    operations.rotate(page.ctx)
    return page.redirect("/signing-keys", _("A fresh key signs from now on."))


@pages.post("/signing-keys/withdraw", permission="core.signing_key.change", sudo=True)
def withdraw(page: Page) -> Response:
    operations.rotate(page.ctx, at_once=True)
    return page.redirect("/signing-keys", _("Every access token of before has ended."))

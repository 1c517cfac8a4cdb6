"""Attaching, fetching and removing a customer's files."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.customers import queries as customers
from trunkline.files import operations, queries
from trunkline.files.downloads import download
from trunkline.files.schemas import AttachFile
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages

pages = Pages()
_OF = "/customers/{number}/files"


def _opened(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.get(page.ctx, number)
    here = f"/customers/{number}"
    page.crumbs(
        (_("Customers"), "/customers"),
        (customer.name, here),
        (_("Files"), f"{here}/files"),
        (_("Attach"), ""),
    )
    return {"form_options": {"cancel": f"{here}/files"}}


@pages.form(
    f"{_OF}/new",
    permission="core.file.create",
    schema=AttachFile,
    template="customers/form.html",
    title=_("Attach a file"),
    initial=_opened,
    submit=_("Attach"),
)
def attach(page: Page, command: AttachFile, number: str) -> Response:
    stored = operations.attach(page.ctx, number, command.file.file, command.file.filename or "", command.note)
    return page.redirect(f"/customers/{number}/files", _("{name} was attached.", name=stored.name))


@pages.get(f"{_OF}/{{file_id:int}}", permission="core.file.view")
def fetch(page: Page, number: str, file_id: int) -> Response:
    stored = queries.of_customer(page.ctx, customers.get(page.ctx, number), file_id)
    viewed(page.ctx, stored, "core.file")
    return download(page.ctx, stored)


@pages.post(f"{_OF}/{{file_id:int}}/remove", permission="core.file.delete")
def remove(page: Page, number: str, file_id: int) -> Response:
    operations.remove(page.ctx, number, file_id)
    return page.redirect(f"/customers/{number}/files", _("The file was removed."))

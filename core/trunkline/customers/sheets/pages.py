"""The data sheet as a download."""

from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.customers import queries
from trunkline.customers.sheets.queries import sheet
from trunkline.web.pages import Page, Pages

pages = Pages()
VIEW = "core.customer_sheet.view"


@pages.get("/customers/{number}/sheet.pdf", permission=VIEW)
def download(page: Page, number: str) -> Response:
    """In the customer's language, or with `?language=own` in the reader's."""
    customer = queries.get(page.ctx, number)
    viewed(page.ctx, customer, "core.customer_sheet")
    own = page.query.get("language") == "own"
    return as_download(sheet(page.ctx, customer, language=page.locale if own else ""), customer.number)


def as_download(content: bytes, number: str) -> Response:
    """The PDF as an attachment that no cache keeps."""
    return Response(content, media_type="application/pdf", headers=headers_of(number))


def headers_of(number: str) -> dict[str, str]:
    """What a data sheet travels with."""
    return {
        "Content-Disposition": f'attachment; filename="{number}.pdf"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }

"""REST: a customer's data sheet."""

from typing import Literal

from fastapi import Query
from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.customers import queries
from trunkline.customers.sheets.pages import VIEW, headers_of
from trunkline.customers.sheets.queries import sheet
from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/customers/{number}/sheet.pdf", "customers")


class Pdf(Response):
    """A document to keep."""

    media_type = "application/pdf"


@rest.get("", permission=VIEW, response_class=Pdf)
def data_sheet(
    ctx: Context,
    number: str,
    language: Literal["", "own"] = Query("", description="`own`: the caller's language, not the customer's."),
) -> Pdf:
    """The data sheet as a PDF. Taking it is on record."""
    customer = queries.get(ctx, number)
    viewed(ctx, customer, "core.customer_sheet")
    content = sheet(ctx, customer, language=ctx.actor.language if language else "")
    return Pdf(content, headers=headers_of(customer.number))

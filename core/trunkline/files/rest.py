"""REST: a customer's files."""

from typing import Annotated

from fastapi import File, Form, UploadFile
from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.customers import queries as customers
from trunkline.files import operations, queries
from trunkline.files.downloads import download
from trunkline.files.schemas import FileOut
from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/customers/{number}/files", "customers")


@rest.get("", permission="core.file.list")
def files(ctx: Context, number: str) -> list[FileOut]:
    """The customer's files, the latest first."""
    found = queries.files_of(ctx, customers.get(ctx, number))
    return [FileOut.model_validate(dict(row)) for row in found]


@rest.post("", permission="core.file.create")
def attach(
    ctx: Context,
    number: str,
    file: Annotated[UploadFile, File(description="The content.")],
    note: Annotated[str, Form(max_length=300)] = "",
) -> FileOut:
    """Attach a file, sent as `multipart/form-data`."""
    stored = operations.attach(ctx, number, file.file, file.filename or "", note.strip())
    return FileOut.model_validate(stored)


@rest.get(
    "/{file_id}",
    permission="core.file.view",
    response_class=Response,
    responses={200: {"content": {"*/*": {}}}},
)
def fetch(ctx: Context, number: str, file_id: int) -> Response:
    """The content of a file."""
    stored = queries.of_customer(ctx, customers.get(ctx, number), file_id)
    viewed(ctx, stored, "core.file")
    return download(ctx, stored)


@rest.delete("/{file_id}", permission="core.file.delete")
def remove(ctx: Context, number: str, file_id: int) -> None:
    """Take a file away from the customer."""
    operations.remove(ctx, number, file_id)

"""Handing a file out so that no browser runs it as a page of ours."""

from starlette.responses import FileResponse

from trunkline.files import store
from trunkline.files.models import StoredFile
from trunkline.operation import Context


def download(ctx: Context, stored: StoredFile) -> FileResponse:
    """The content as an attachment. Raises NotFound when it is gone from the store."""
    return FileResponse(
        store.path_of(ctx.app, stored.digest),
        media_type=stored.media_type,
        filename=stored.name,
        content_disposition_type="attachment",
        headers={
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )

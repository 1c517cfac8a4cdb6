"""The PDF of an invoice: rendered when it is first asked for, then kept by its digest; made again it has the same bytes."""

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import insert, select
from sqlmodel import col

from trunkline.branding.documents import logo_content
from trunkline.operation import Context
from trunkline_billing.models.invoices import BillingInvoice, BillingInvoiceDocument


def invoice_pdf(ctx: Context, number: str) -> bytes:
    """The invoice as PDF, in the customer's language. Raises NotFound when it is out of sight."""
    invoice = ctx.load_by(BillingInvoice, col(BillingInvoice.number), number)
    kept = ctx.session.get(BillingInvoiceDocument, invoice.key)
    if kept is not None:
        path = _path(ctx, kept.sha256)
        if path.exists() and sha256(content := path.read_bytes()).hexdigest() == kept.sha256:
            return content
    from trunkline_billing.queries.invoices import invoice as read
    from trunkline_billing.typesetting import render_invoice

    shown = read(ctx, number)
    logo = logo_content(ctx.app, shown.operator.get("brand", {}).get("logo", ""))
    content = render_invoice(shown, logo)
    digest = sha256(content).hexdigest()
    _write(_path(ctx, digest), content)
    if kept is None:
        _remember(ctx, invoice.key, digest, len(content))
    return content


def _path(ctx: Context, digest: str) -> Path:
    return ctx.app.config.data / "files" / digest[:2] / digest


def _write(path: Path, content: bytes) -> None:
    """All or nothing, so that a reader never meets half a file."""
    from secrets import token_hex

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{token_hex(4)}")
    part.write_bytes(content)
    part.replace(path)


def _remember(ctx: Context, invoice_id: int, digest: str, size: int) -> None:
    """In a request that only reads, the row is written by a unit of work of its own."""
    if not ctx.writing:
        with ctx.app.unit_of_work() as own:
            if own.session.get(BillingInvoiceDocument, invoice_id) is None:
                _remember(own, invoice_id, digest, size)
        return
    ctx.session.execute(
        insert(BillingInvoiceDocument),
        [{"invoice_id": invoice_id, "sha256": digest, "size": size, "rendered_at": ctx.now()}],
    )


def discard_documents(ctx: Context, invoice_ids: Sequence[int]) -> int:
    """Remove the files of these invoices' documents after the commit; the rows are deleted by whoever calls."""
    kept = ctx.session.scalars(
        select(col(BillingInvoiceDocument.sha256)).where(
            col(BillingInvoiceDocument.invoice_id).in_(invoice_ids)
        )
    ).all()
    for digest in kept:
        ctx.after_commit.append(partial(_path(ctx, digest).unlink, missing_ok=True))
    return len(kept)

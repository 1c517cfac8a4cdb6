"""The files of a contract: its text, signed copies and annexes. What somebody accepted is never removed."""

from typing import BinaryIO

from sqlmodel import col, select

from trunkline.contracts.models import Contract, ContractDocument, ContractStatus, DocumentKind
from trunkline.contracts.operations.drafting import (
    load,
    recall,
    require_status,
    settle_acceptance,
    tell_changed,
)
from trunkline.contracts.printing import as_file
from trunkline.contracts.terms import terms_digest
from trunkline.errors import NotFound, Refused
from trunkline.files import operations as files
from trunkline.files.models import StoredFile
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation

_LIVING = (ContractStatus.DRAFT, ContractStatus.SENT, ContractStatus.ACTIVE)
#: What a file is attached to, as its row says.
FILE_KIND = "contract"


@operation("core.contract.edit")
def attach(
    ctx: Context, number: str, file: BinaryIO, name: str, kind: DocumentKind = DocumentKind.TEXT
) -> ContractDocument:
    """Attach a document. Another text takes the place of the present one and asks for another acceptance.

    Raises Refused (field `file`) as attaching a file to a customer does, and for a contract that is over.
    """
    contract = load(ctx, number)
    require_status(contract, *_LIVING)
    if kind == DocumentKind.REPLACED:
        raise Refused(_("Attach it as the text, a signed copy or an annex."), field="kind")
    document = keep(ctx, contract, file, name, kind)
    ctx.note(contract, label=contract.number, document=name, kind=kind.value, digest=document.digest)
    tell_changed(ctx, contract, "document")
    return document


@operation("core.contract.edit")
def remove_annex(ctx: Context, number: str, file_id: int) -> None:
    """Remove an annex. Raises NotFound, and Refused for a text or a signed copy: they are evidence."""
    contract = load(ctx, number)
    document = ctx.session.scalars(
        select(ContractDocument).where(
            col(ContractDocument.contract_id) == contract.key, col(ContractDocument.file_id) == file_id
        )
    ).one_or_none()
    if document is None:
        raise NotFound(_("There is no file {id} of this contract.", id=file_id))
    if document.kind != DocumentKind.ANNEX:
        raise Refused(_("Only an annex can be removed."), remedy=_("Attach another text in its place."))
    stored = ctx.session.get_one(StoredFile, file_id)
    ctx.session.delete(document)
    ctx.session.flush()
    ctx.note(contract, label=contract.number, document=stored.name, digest=stored.digest)
    files.forget(ctx, stored)
    tell_changed(ctx, contract, "document")


def keep(ctx: Context, contract: Contract, file: BinaryIO, name: str, kind: DocumentKind) -> ContractDocument:
    """Keep a file and make it the contract's, part of operations; a text replaces the one before."""
    stored = files.keep(ctx, file, name, kind=FILE_KIND)
    stored.customer_id, stored.note = contract.customer_id, contract.number
    ctx.session.flush()
    if kind == DocumentKind.TEXT:
        present = text_of(ctx, contract)
        if present is not None:
            present.kind = DocumentKind.REPLACED.value
            ctx.session.flush()
        if present is None or present.digest != stored.digest:
            recall(ctx, contract)
    document = ContractDocument(
        contract_id=contract.key, file_id=stored.key, kind=kind.value, digest=stored.digest
    )
    ctx.session.add(document)
    settle_acceptance(ctx, contract)
    return document


def keep_print(ctx: Context, contract: Contract) -> ContractDocument:
    """Print the terms as they are now and keep that as the text, part of operations."""
    document = keep(ctx, contract, as_file(ctx, contract), f"{contract.number}.pdf", DocumentKind.TEXT)
    document.printed_terms = terms_digest(contract)
    return document


def is_outdated(contract: Contract, printed_terms: str) -> bool:
    """Whether a text was printed here from terms that are others by now. What a file of somebody's says, nobody knows."""
    return printed_terms not in ("", terms_digest(contract))


def text_of(ctx: Context, contract: Contract) -> ContractDocument | None:
    """The document that is accepted; None while there is none."""
    return ctx.session.scalars(
        select(ContractDocument).where(
            col(ContractDocument.contract_id) == contract.key,
            col(ContractDocument.kind) == DocumentKind.TEXT,
        )
    ).one_or_none()


def require_text(ctx: Context, contract: Contract) -> tuple[ContractDocument, StoredFile]:
    """The document that is accepted, and its file. Raises Refused without one, and for a print of other terms."""
    document = text_of(ctx, contract)
    if document is None:
        raise Refused(
            _("Contract {number} has no text to accept.", number=contract.number),
            field="file",
            remedy=_("Attach its text first, or print it and keep the print as the text."),
        )
    if is_outdated(contract, document.printed_terms):
        raise Refused(
            _("The text was printed before the terms changed."),
            field="file",
            remedy=_("Use the contract as it is printed now, or attach its text."),
        )
    return document, ctx.session.get_one(StoredFile, document.file_id)

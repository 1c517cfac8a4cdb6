"""Making and changing brands."""

from typing import BinaryIO, Literal

from sqlalchemy import select
from sqlmodel import col

from trunkline.branding.brands import Brands
from trunkline.branding.events import BrandChanged, BrandCreated, BrandRemoved
from trunkline.branding.models import BrandRecord
from trunkline.branding.schemas import BrandFields, EditBrand
from trunkline.branding.themes import Themes
from trunkline.customers.models import Reseller
from trunkline.errors import Conflict, Refused
from trunkline.files import operations as files
from trunkline.files.content import PICTURES
from trunkline.files.models import StoredFile
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.web.middleware import answers_to, known_hosts

Picture = Literal["logo", "favicon", "picture"]
LARGEST_PICTURE = 1_000_000


@operation("core.brand.edit")
def create(ctx: Context, command: BrandFields) -> BrandRecord:
    """Make a brand.

    Raises Conflict (field `host` or `reseller`) when another brand has them, Refused (field `host`) for a name that the system
    does not answer to, and (field `theme`, `reseller`) for what is not there.
    """
    brand = BrandRecord(name=command.name)
    _apply(ctx, brand, command)
    ctx.session.add(brand)
    ctx.session.flush()
    ctx.note(brand, label=brand.name)
    ctx.emit(BrandCreated(entity_id=brand.key, host=brand.host or ""))
    _show_soon(ctx)
    return brand


@operation("core.brand.edit")
def edit(ctx: Context, brand_id: int, command: EditBrand) -> BrandRecord:
    """Change a brand. Raises as `create`, and Conflict when somebody was quicker."""
    brand = ctx.load(BrandRecord, brand_id, version=command.version, lock=True)
    _apply(ctx, brand, command)
    ctx.session.flush()
    ctx.note(brand, label=brand.name)
    ctx.emit(BrandChanged(entity_id=brand.key, host=brand.host or ""))
    _show_soon(ctx)
    return brand


@operation("core.brand.edit")
def set_picture(ctx: Context, brand_id: int, which: Picture, file: BinaryIO, name: str) -> BrandRecord:
    """Give a brand its logo, favicon or portal picture. Raises Refused (field `file`) for what is no picture, or over 1 MB."""
    brand = ctx.load(BrandRecord, brand_id, lock=True)
    stored = files.keep(ctx, file, name, kind="brand", allowed=PICTURES, largest=LARGEST_PICTURE)
    ctx.session.flush()
    _replace_picture(ctx, brand, which, stored.key)
    return brand


@operation("core.brand.edit")
def remove_picture(ctx: Context, brand_id: int, which: Picture) -> BrandRecord:
    """Let a brand show its theme's picture again."""
    brand = ctx.load(BrandRecord, brand_id, lock=True)
    _replace_picture(ctx, brand, which, None)
    return brand


@operation("core.brand.edit")
def remove(ctx: Context, brand_id: int) -> None:
    """Forget a brand; its host name shows the operator's own again."""
    brand = ctx.load(BrandRecord, brand_id, lock=True)
    ctx.note(brand, label=brand.name)
    ctx.emit(BrandRemoved(entity_id=brand.key, host=brand.host or ""))
    held = [key for key in (brand.favicon_id, brand.picture_id) if key]
    ctx.session.delete(brand)
    ctx.session.flush()
    for key in held:
        _forget_file(ctx, key)
    _show_soon(ctx)


def _apply(ctx: Context, brand: BrandRecord, command: BrandFields) -> None:
    reseller_id = _reseller(ctx, command.reseller)
    host = command.host or None
    _check_free(ctx, brand, host, reseller_id)
    _check_host(ctx, host)
    if command.theme not in ctx.app.part(Themes).found:
        raise Refused(
            _("There is no theme “{name}”.", name=command.theme),
            field="theme",
            remedy=_("Choose from the list; themes are read when the system starts."),
        )
    brand.name, brand.host, brand.reseller_id, brand.theme = command.name, host, reseller_id, command.theme
    brand.colour, brand.radius, brand.typeface = (
        command.colour,
        command.radius.value if command.radius else "",
        command.typeface.value if command.typeface else "",
    )
    brand.greeting, brand.support, brand.language = command.greeting, command.support, command.language
    brand.mail_sender, brand.mail_footer = command.mail_sender, command.mail_footer


def _reseller(ctx: Context, code: str) -> int | None:
    if not code:
        return None
    found = ctx.session.scalars(select(col(Reseller.id)).where(col(Reseller.code) == code)).one_or_none()
    if found is None:
        raise Refused(_("There is no reseller “{code}”.", code=code), field="reseller")
    return found


def _check_free(ctx: Context, brand: BrandRecord, host: str | None, reseller_id: int | None) -> None:
    others = select(BrandRecord).where(col(BrandRecord.id) != (brand.id or 0))
    if host and ctx.session.scalars(others.where(col(BrandRecord.host) == host)).first():
        raise Conflict(_("Another brand has this host name."), field="host", remedy=_("Choose another name."))
    if reseller_id is not None:
        if ctx.session.scalars(others.where(col(BrandRecord.reseller_id) == reseller_id)).first():
            raise Conflict(
                _("This reseller has a brand already."), field="reseller", remedy=_("Change that one.")
            )
    elif host is None:
        own = others.where(col(BrandRecord.host).is_(None), col(BrandRecord.reseller_id).is_(None))
        if ctx.session.scalars(own).first():
            raise Conflict(
                _("The operator has a brand already."),
                field="host",
                remedy=_("Change that one, or name the host or the reseller that this one is for."),
            )


def _check_host(ctx: Context, host: str | None) -> None:
    if host and not answers_to(host, known_hosts(ctx.app.config)):
        raise Refused(
            _("The system does not answer to {host}.", host=host),
            field="host",
            remedy=_("Add it to hosts in trunkline.toml first."),
        )


def _replace_picture(ctx: Context, brand: BrandRecord, which: Picture, key: int | None) -> None:
    name = f"{which}_id"
    former: int | None = getattr(brand, name)
    setattr(brand, name, key)
    ctx.session.flush()
    # A logo stays in the store: invoices that were issued with it are set with it again.
    if former is not None and which != "logo":
        _forget_file(ctx, former)
    ctx.note(brand, label=brand.name)
    ctx.emit(BrandChanged(entity_id=brand.key, host=brand.host or "", picture=which))
    _show_soon(ctx)


def _forget_file(ctx: Context, key: int) -> None:
    stored = ctx.session.get(StoredFile, key)
    if stored is not None:
        files.forget(ctx, stored)


def _show_soon(ctx: Context) -> None:
    ctx.after_commit.append(ctx.app.part(Brands).forget)

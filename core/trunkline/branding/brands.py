"""Which brand a request or a mail is under, found without asking the database for every page."""

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import Row, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from trunkline.branding.models import BrandRecord, Radius, Typeface
from trunkline.branding.palette import derive
from trunkline.branding.stylesheet import stylesheet
from trunkline.branding.themes import Theme, Themes
from trunkline.files import store
from trunkline.files.models import StoredFile

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
_BRANDS = BrandRecord.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_FILES = StoredFile.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
#: Seconds for which what was read is believed; a brand that was saved shows everywhere after that.
_BELIEVED = 5.0
FILES = "/static/brand/"
_PICTURES = ("logo", "favicon", "picture")


@dataclass(frozen=True)
class Brand:
    """Who the system presents itself as. Addresses of pictures are empty where there is none."""

    name: str
    subtitle: str = ""
    icon: str = "antenna-bars-5"
    logo: str = ""
    #: SHA-256 of the logo, by which documents find it (`trunkline.branding.documents`); empty without one.
    logo_digest: str = ""
    favicon: str = ""
    #: Address of the style sheet with its colours; empty for the built-in ones.
    css: str = ""
    #: The brand colour, as #rrggbb; empty for the built-in one.
    colour: str = ""
    greeting: str = ""
    support: str = ""
    language: str = ""
    host: str = ""
    mail_sender: str = ""
    mail_footer: str = ""
    #: Whether it is a reseller's, and not the operator's own.
    of_reseller: bool = False

    @property
    def ink(self) -> str:
        """The brand colour as it can be read on paper; empty for the built-in one."""
        return derive(self.colour).ink_light if self.colour else ""

    def address(self, public_url: str) -> str:
        """Where its pages are: at its own host, reached as the operator's `public_url` is, or there. No slash at the end."""
        if not self.host:
            return public_url
        reached = urlsplit(public_url)
        return f"{reached.scheme}://{self.host}" + (f":{reached.port}" if reached.port else "")


@dataclass(frozen=True)
class _Read:
    """Every brand as it was read at a time, and the files that their pages ask for, by name."""

    until: float
    own: Brand
    by_host: Mapping[str, Brand]
    by_reseller: Mapping[int, Brand]
    #: Addresses of each brand's pictures by its key.
    shown: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    sheets: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, tuple[Path, str]] = field(default_factory=dict)
    #: What all this was made of: the rows of brands, and those of their files.
    rows: Sequence[Row[Any]] = ()
    kept: Sequence[Row[Any]] = ()


class Brands:
    """The brands of one application (`app.part(Brands)`).

    Questions that a unit of work asks are answered through its own session: a page that waited for a second connection while it
    holds one could wait for ever.
    """

    def __init__(self, app: "App") -> None:
        self.app = app
        self._known: _Read | None = None

    def of_host(self, host: str, session: Session | None = None) -> Brand:
        """The brand that this host name shows; the operator's own where no brand has it."""
        known = self._read(session)
        return known.by_host.get(host.partition(":")[0].lower(), known.own) if known.by_host else known.own

    def of_reseller(self, reseller_id: int | None, session: Session | None = None) -> Brand:
        """The brand under which a reseller's customers hear from us; the operator's own where it has none."""
        known = self._read(session)
        return known.by_reseller.get(reseller_id or 0, known.own)

    def pictures_of(self, brand_id: int, session: Session) -> Mapping[str, str]:
        """Addresses of the pictures that a brand shows, its own and its theme's, by name; empty where there is none."""
        return self._read(session).shown.get(brand_id, {})

    def last_known(self) -> Brand:
        """The operator's own brand as it was read last, without asking the database."""
        return self._known.own if self._known is not None else Brand(self.app.config.operator_name)

    def sheet(self, name: str) -> str | None:
        """The style sheet of this name."""
        return self._read().sheets.get(name)

    def picture(self, name: str) -> tuple[Path, str] | None:
        """The picture of this name: where it lies, and its media type."""
        return self._read().pictures.get(name)

    def forget(self) -> None:
        """Read again at the next question."""
        self._known = None

    def _read(self, session: Session | None = None) -> _Read:
        known = self._known
        if known is not None and time.monotonic() < known.until:
            return known
        try:
            if session is not None:
                known = _read_brands(self.app, session, known)
            else:
                with self.app.database.read() as own:
                    known = _read_brands(self.app, own, known)
        except SQLAlchemyError as error:
            # A page that says what is wrong with the database must not need it.
            log.warning("the brands cannot be read: %s", error)
            return known or _Read(0.0, Brand(self.app.config.operator_name), {}, {})
        self._known = known
        return known


def _read_brands(app: "App", session: Session, known: _Read | None) -> _Read:
    rows = session.execute(select(_BRANDS).order_by(_BRANDS.c.id)).all()
    wanted = {key for row in rows for key in (row.logo_id, row.favicon_id, row.picture_id) if key}
    kept = session.execute(select(_FILES).where(_FILES.c.id.in_(wanted))).all() if wanted else ()
    until = time.monotonic() + _BELIEVED
    if known is not None and known.rows == rows and known.kept == kept:
        # Colours and style sheets of hundreds of brands take longer than many pages.
        return replace(known, until=until)
    return replace(_made(app, rows, kept), until=until)


def _made(app: "App", rows: Sequence[Row[Any]], kept: Sequence[Row[Any]]) -> _Read:
    files = {row.id: row for row in kept}
    sheets: dict[str, str] = {}
    pictures: dict[str, tuple[Path, str]] = {}
    digests: dict[str, str] = {"": ""}
    shown: dict[int, dict[str, str]] = {}

    def address(path: Path, digest: str, media_type: str) -> str:
        pictures[digest[:32]] = (path, media_type)
        found = f"{FILES}{digest[:32]}"
        digests[found] = digest
        return found

    def picture(row: Row[Any], theme: Theme, name: str) -> str:
        stored = files.get(getattr(row, f"{name}_id"))
        if stored is not None:
            return address(
                store.folder(app) / stored.digest[:2] / stored.digest, stored.digest, stored.media_type
            )
        shipped = theme.file(name)
        if shipped is None:
            return ""
        digest = hashlib.sha256(shipped.read_bytes()).hexdigest()
        return address(shipped, digest, "image/svg+xml" if shipped.suffix == ".svg" else "")

    def brand(row: Row[Any]) -> Brand:
        theme = app.part(Themes).get(row.theme)
        shown[row.id] = {name: picture(row, theme, name) for name in _PICTURES}
        css = stylesheet(
            row.colour or theme.colour,
            Radius(row.radius or theme.radius),
            Typeface(row.typeface or theme.typeface),
            shown[row.id]["picture"],
        )
        name = f"{hashlib.sha256(css.encode()).hexdigest()[:32]}.css"
        sheets[name] = css
        return Brand(
            name=row.name,
            logo=shown[row.id]["logo"],
            logo_digest=digests[shown[row.id]["logo"]],
            favicon=shown[row.id]["favicon"],
            css=FILES + name,
            colour=row.colour or theme.colour,
            greeting=row.greeting or theme.greeting,
            support=row.support,
            language=row.language,
            host=row.host or "",
            mail_sender=row.mail_sender,
            mail_footer=row.mail_footer or theme.mail_footer,
            of_reseller=row.reseller_id is not None,
        )

    made = [(row, brand(row)) for row in rows]
    own = next((one for row, one in made if row.host is None and row.reseller_id is None), None)
    return _Read(
        until=0.0,
        own=own or Brand(app.config.operator_name),
        by_host={row.host: one for row, one in made if row.host},
        by_reseller={row.reseller_id: one for row, one in made if row.reseller_id},
        shown=shown,
        sheets=sheets,
        pictures=pictures,
        rows=rows,
        kept=kept,
    )

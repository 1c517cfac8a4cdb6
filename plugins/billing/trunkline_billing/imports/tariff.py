"""`trunkline import tariff --tariff NAME --currency CUR FILE`: rates by prefix. The whole file is one transaction."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, insert, select, update
from sqlmodel import col

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.imports.importer import ImportColumn, Importer, ImportOptions, ImportReport, read_csv
from trunkline_billing.events import TariffImported
from trunkline_billing.models.tariffs import BillingRate, BillingTariff
from trunkline_billing.periods import midnight

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Actor, Context

PERMISSION = "billing.tariff.import"
NANOS = 1_000_000_000
_MAX_RATE = Decimal(1_000_000)
_MAX_UNIT = 10**12
#: The start of time for rates that name no date.
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)

COLUMNS = (
    ImportColumn(
        "prefix",
        _("Digits with country code for calls; sms or sms:DIGITS; data; event:NAME"),
        required=True,
        example="5511",
    ),
    ImportColumn(
        "destination", _("Its name on pages and invoices"), required=True, example="Brazil, São Paulo"
    ),
    ImportColumn("connect_fee", _("Charged once per use"), example="0"),
    ImportColumn("rate", _("Price per rate unit"), required=True, example="0.08"),
    ImportColumn(
        "rate_unit", _("Seconds (bytes, messages) that the rate is for"), required=True, example="60"
    ),
    ImportColumn("increment", _("Charged in steps of this many"), required=True, example="6"),
    ImportColumn("interval_start", _("The rate holds from this quantity on"), example="0"),
    ImportColumn(
        "effective_from", _("Date, or ISO 8601 time with zone; empty means always"), example="2026-01-01"
    ),
)

#: type, prefix, effective from, interval start: what makes a rate unique.
_Place = tuple[str, str, datetime, int]


class _Wrong(Exception):
    """A cell that cannot be used."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def run(app: "App", actor: "Actor", path: Path, options: ImportOptions) -> ImportReport:
    """Import a tariff. Raises Refused when no name is given, or the currency is unknown or another than the tariff's."""
    name = options.tariff.strip()
    if not name or len(name) > 60:
        raise Refused(
            _("Which tariff is it?"),
            field="tariff",
            remedy=_("Name it with --tariff, in up to 60 characters."),
        )
    header, rows = read_csv(path, COLUMNS)
    report = ImportReport(header=header)
    with app.unit_of_work(actor, keep=not options.dry_run) as ctx, ctx.run(PERMISSION) as running:
        ctx.require(PERMISSION)
        tariff = _tariff(ctx, name, options.currency.strip().upper())
        found = _read(header, rows, report, ctx.app.config.zone)
        _refuse_headless(found, report)
        _store(ctx, tariff, {place: values for place, (_line, _cells, values) in found.items()}, report)
        running.about(
            tariff,
            name,
            {"file": path.name, "read": report.read, "created": report.created, "updated": report.updated},
        )
        running.changes.clear()
        ctx.emit(
            TariffImported(entity_id=tariff.key, tariff=name, created=report.created, updated=report.updated)
        )
    return report


def _tariff(ctx: "Context", name: str, currency: str) -> BillingTariff:
    tariff = ctx.session.scalars(
        select(BillingTariff).where(col(BillingTariff.name) == name).with_for_update()
    ).one_or_none()
    if tariff is None:
        from babel.numbers import list_currencies

        chosen = currency or ctx.app.config.currency
        if chosen not in list_currencies():
            raise Refused(
                _("There is no currency “{code}”.", code=chosen),
                field="currency",
                remedy=_("Use an ISO 4217 code, such as BRL."),
            )
        tariff = BillingTariff(name=name, currency=chosen, created_at=ctx.now())
        ctx.session.add(tariff)
        ctx.session.flush()
    elif currency and currency != tariff.currency:
        raise Refused(
            _("Tariff {name} is in {has}, not {given}.", name=name, has=tariff.currency, given=currency),
            field="currency",
            remedy=_("Leave the currency out, or import under another name."),
        )
    return tariff


def _read(
    header: Sequence[str], rows: Any, report: ImportReport, zone: ZoneInfo
) -> dict[_Place, tuple[int, list[str], dict[str, Any]]]:
    found: dict[_Place, tuple[int, list[str], dict[str, Any]]] = {}
    for line, cells in rows:
        report.read += 1
        try:
            values = _values(dict(zip(header, cells, strict=True)), zone)
        except _Wrong as wrong:
            report.refuse(line, wrong.column, wrong.reason, cells)
            continue
        place = (values["type"], values["prefix"], values["effective_from"], values["interval_start"])
        if place in found:
            report.refuse(
                line,
                "interval_start",
                f"overlaps line {found[place][0]}, which has this prefix from {values['interval_start']} on "
                f"since {values['effective_from']:%Y-%m-%d} too; give one of them another interval_start or effective_from",
                cells,
            )
            continue
        found[place] = (line, cells, values)
    return found


def _refuse_headless(
    found: dict[_Place, tuple[int, list[str], dict[str, Any]]], report: ImportReport
) -> None:
    """Tiers without one that starts at 0 would leave the beginning of a use without a price."""
    headed = {place[:3] for place in found if place[3] == 0}
    for place in [place for place in found if place[:3] not in headed]:
        line, cells, _values_of_row = found.pop(place)
        report.refuse(
            line,
            "interval_start",
            "no row of this prefix and date starts at 0; add the first interval",
            cells,
        )


def _values(row: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    kind, prefix = _prefix(row["prefix"].strip())
    destination = row["destination"].strip()
    if not destination or len(destination) > 120:
        raise _Wrong("destination", "must have 1 to 120 characters")
    return {
        "type": kind,
        "prefix": prefix,
        "destination": destination,
        "connect_fee_nanos": _nanos("connect_fee", row.get("connect_fee", "") or "0"),
        "rate_nanos": _nanos("rate", row["rate"]),
        "rate_unit": _whole("rate_unit", row["rate_unit"], 1),
        "increment": _whole("increment", row["increment"], 1),
        "interval_start": _whole("interval_start", row.get("interval_start", "") or "0", 0),
        "effective_from": _moment(row.get("effective_from", "").strip(), zone),
    }


def _prefix(text: str) -> tuple[str, str]:
    kind, colon, rest = text.partition(":")
    if kind == "event" and colon and 0 < len(rest) <= 20:
        return "event", rest
    if text == "data":
        return "data", ""
    if kind == "sms" and (not rest or (rest.isascii() and rest.isdigit())) and len(rest) <= 15:
        return "sms", rest
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise _Wrong(
            "prefix", f"“{text}” is no prefix: write up to 15 digits, sms, sms:DIGITS, data or event:NAME"
        )
    return "voice", digits


def _nanos(column: str, text: str) -> int:
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise _Wrong(column, f"“{text}” is no amount such as 0.08") from None
    if not amount.is_finite() or not 0 <= amount <= _MAX_RATE:
        raise _Wrong(column, f"“{text}” must lie between 0 and {_MAX_RATE}")
    scaled = amount * NANOS
    if scaled != int(scaled):
        raise _Wrong(column, f"“{text}” has more than nine decimals")
    return int(scaled)


def _whole(column: str, text: str, least: int) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= _MAX_UNIT:
        raise _Wrong(column, f"“{text}” must be a whole number from {least} to {_MAX_UNIT}")
    return int(text)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    if not text:
        return _ALWAYS
    try:
        if len(text) == 10:
            return midnight(date.fromisoformat(text), zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong("effective_from", f"“{text}” is no date such as 2026-01-01") from None
    if moment.tzinfo is None:
        raise _Wrong("effective_from", f"“{text}” has no time zone; end it with Z or an offset")
    return moment.astimezone(UTC)


_FIGURES = ("destination", "connect_fee_nanos", "rate_nanos", "rate_unit", "increment")


def _store(
    ctx: "Context", tariff: BillingTariff, wanted: dict[_Place, dict[str, Any]], report: ImportReport
) -> None:
    kept = {
        (row.type, row.prefix, row.effective_from, row.interval_start): row
        for row in ctx.session.execute(
            select(BillingRate.__table__).where(col(BillingRate.tariff_id) == tariff.key)  # type: ignore[attr-defined]  # SQLModel's types hide it
        )
    }
    new = [{"tariff_id": tariff.key, **values} for place, values in wanted.items() if place not in kept]
    changed = [
        {"of_id": kept[place].id, **{f"new_{name}": values[name] for name in _FIGURES}}
        for place, values in wanted.items()
        if place in kept and any(getattr(kept[place], name) != values[name] for name in _FIGURES)
    ]
    if new:
        ctx.session.execute(insert(BillingRate), new)
    if changed:
        table = BillingRate.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
        statement = update(table).where(table.c.id == bindparam("of_id"))
        ctx.session.connection().execute(
            statement.values({name: bindparam(f"new_{name}") for name in _FIGURES}), changed
        )
    report.created, report.updated = len(new), len(changed)
    report.unchanged = len(wanted) - len(new) - len(changed)
    if new or changed:
        tariff.revision += 1
        tariff.updated_at = ctx.now()
        count = select(func.count()).select_from(BillingRate).where(col(BillingRate.tariff_id) == tariff.key)
        tariff.rate_count = ctx.session.scalars(count).one()
        ctx.session.flush()


IMPORTER = Importer(
    kind="tariff",
    label=_("Tariff"),
    permission=PERMISSION,
    columns=COLUMNS,
    run=run,
    options={"tariff": _("Tariff"), "currency": _("Currency (ISO 4217), when the tariff is new")},
    whole=True,
)

"""What an erasure would do, before anything is done."""

from collections.abc import Sequence
from datetime import date

from trunkline.customers import queries as customers
from trunkline.customers.erasing import parts
from trunkline.customers.erasing.parts import Erased, Fate, Hindrance, Person
from trunkline.customers.erasing.people import person_of
from trunkline.customers.erasing.schemas import ErasedPart, ErasurePreview, HindranceOut
from trunkline.customers.erasing.stones import stone_of
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.settings.core import CoreSettings


def preview(ctx: Context, number: str) -> ErasurePreview:
    """What would be deleted, pseudonymised and kept, and what stands in the way; of somebody erased, what is kept still.

    Raises NotFound.
    """
    customer = customers.get(ctx, number)
    person, stone = person_of(ctx, customer), stone_of(ctx, customer)
    declared = parts.declared(ctx)
    until = stone.kept_until if stone else kept_until(ctx, person, [part for _plugin, part in declared])
    return ErasurePreview(
        number=customer.number,
        pseudonym=person.pseudonym,
        parts=_told(ctx, person, declared, until, only_kept=stone is not None),
        hindrances=[] if stone else [HindranceOut(**vars(one)) for one in hindrances(ctx, person)],
        kept_until=until,
        needs_second_person=ctx.settings(CoreSettings).erasure_second_person,
        erased_at=stone.at if stone else None,
        erased_by=stone.erased_by if stone else "",
        finished_at=stone.finished_at if stone else None,
    )


def _told(
    ctx: Context,
    person: Person,
    declared: Sequence[tuple[str, Erased]],
    until: date | None,
    *,
    only_kept: bool,
) -> list[ErasedPart]:
    found: dict[tuple[str, Fate], ErasedPart] = {}
    for plugin, part in declared:
        if not part.label or (only_kept and part.fate != Fate.KEPT):
            continue
        if rows := part.count(ctx, person):
            kept = part.fate == Fate.KEPT
            one = ErasedPart(
                plugin=plugin,
                what=str(part.label),
                rows=rows,
                fate=part.fate,
                ground=str(part.ground),
                until=until if kept else None,
            )
            known = found.setdefault((one.what, one.fate), one)
            if known is not one:
                known.rows += rows
    return list(found.values())


def kept_until(ctx: Context, person: Person, declared: Sequence[Erased]) -> date | None:
    """The last day of the retention: years are counted from the end of the year of the newest document."""
    days = [day for part in declared if (day := part.newest(ctx, person)) is not None]
    if not days:
        return None
    return date(max(days).year + ctx.settings(CoreSettings).fiscal_years, 12, 31)


def hindrances(ctx: Context, person: Person) -> list[Hindrance]:
    """Every reason why the person cannot be erased yet: what plugins say, and rows that nobody would erase."""
    found = parts.hindrances(ctx, person)
    for plugin, rows in undeclared_rows(ctx, person):
        found.append(
            Hindrance(
                str(
                    _(
                        "The plugin {plugin} holds rows of this customer in {table} and does not say what becomes of them.",
                        plugin=plugin,
                        table=rows,
                    )
                ),
                str(_("Ask whoever made the plugin, or remove these rows first.")),
                f"/system/plugins/{plugin}",
            )
        )
    return found


def undeclared_rows(ctx: Context, person: Person) -> list[tuple[str, str]]:
    """(plugin, table) where rows of the person would stay behind unsaid."""
    declared = [part for _plugin, part in parts.declared(ctx)]
    found = []
    for plugin, column in parts.undeclared(ctx, declared):
        rows = column.table.select().where(column.in_(person.customer_ids)).limit(1)
        if ctx.session.execute(rows).first() is not None:
            found.append((plugin, column.table.name))
    return found

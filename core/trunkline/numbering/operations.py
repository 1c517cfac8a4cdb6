"""Giving numbers another form, and letting their count begin higher."""

from dataclasses import replace

from sqlalchemy import update
from sqlmodel import col

from trunkline.db.numbers import LONGEST, Counter, Restart, highest_count, raise_count, row_of
from trunkline.errors import Faults, Refused
from trunkline.i18n import gettext as _
from trunkline.numbering import queries
from trunkline.numbering.events import NumberingChanged
from trunkline.numbering.queries import NumberView
from trunkline.numbering.schemas import NumberChange
from trunkline.operation import Context, operation
from trunkline.versions import require_version


@operation("core.numbering.edit")
def change(ctx: Context, kind: str, command: NumberChange, reseller_code: str = "") -> NumberView:
    """Have numbers of a kind look otherwise from now on, or go on with a higher count; those given stay as they are.

    With a reseller's code these are the numbers of that reseller's customers, which have a count of their own from then on.

    Raises NotFound for an unknown kind or reseller, Conflict when somebody changed it since `version`, Refused naming the field
    for a beginning that others have, a count that was given already, one that would leave a gap where there must be none, and
    numbers that are too long.
    """
    now = queries.numbers_of(ctx, kind, reseller_code)
    # The kind's own row first, as who takes numbers locks it: two who choose a beginning do so one after the other.
    for series in dict.fromkeys((kind, now.series)):
        raise_count(ctx.session, series, 0)
    now = queries.numbers_of(ctx, kind, reseller_code)
    values = command.model_dump(exclude={"version"}, exclude_none=True)
    require_version(now, command.version, values)
    wanted = changed(ctx, now, command)
    if wanted == now:
        return now
    if wanted.last != now.last or wanted.restart != now.restart:
        raise_count(ctx.session, row_of(now.series, wanted.shape, now.day), wanted.last)
    if now.own and now.prefix != wanted.prefix:
        # Nobody else's numbers of this kind ever begin so: their counts are not told apart by anything else.
        raise_count(ctx.session, f"{now.series}{queries.FORMER}{now.prefix.rstrip('-')}", 0)
    ctx.session.execute(
        update(Counter)
        .where(col(Counter.kind) == now.series)
        .values(
            prefix=wanted.prefix,
            width=wanted.width,
            with_year=wanted.with_year,
            restart=None if wanted.restart is Restart.NEVER else wanted.restart.value,
            shape_version=now.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    ctx.session.expire_all()
    whose = {"reseller": reseller_code} if reseller_code else {}
    ctx.note(None, label=str.__str__(now.label), kind=kind, numbers=_shown(now, wanted), **whose)
    ctx.emit(NumberingChanged(entity_id=0, kind=kind, reseller=reseller_code))
    return queries.numbers_of(ctx, kind, reseller_code)


def changed(ctx: Context, now: NumberView, command: NumberChange) -> NumberView:
    """What numbers would be after a change; nothing is changed yet. Raises Refused as `change` does."""
    shape = replace(
        now.shape,
        prefix=now.prefix if command.prefix is None else command.prefix,
        width=command.width or now.width,
        with_year=now.with_year if command.with_year is None else command.with_year,
        restart=now.restart if command.restart is None else command.restart,
    )
    wanted = replace(now, shape=shape, own=True)
    if shape.restart != now.restart:
        wanted = replace(wanted, last=_carried_on(ctx, now, shape.restart))
    faults = Faults()
    with faults.noted():
        _check_prefix(ctx, now, wanted)
    with faults.noted():
        _check_day(command, now)
    with faults.noted():
        wanted = replace(wanted, last=_last(wanted, command.next_value))
    faults.refuse()
    if len(wanted.next_number) > LONGEST:
        raise Refused(
            _("“{number}” is longer than {n} signs.", number=wanted.next_number, n=LONGEST),
            field="prefix",
            remedy=_("Take a shorter beginning, or fewer figures."),
        )
    return wanted


def _check_prefix(ctx: Context, now: NumberView, wanted: NumberView) -> None:
    if not wanted.prefix and not now.by_day:
        raise Refused(
            _("A number has to begin with a letter."),
            field="prefix",
            remedy=_("Telephone numbers and the like are figures alone; give it a letter, as in C."),
        )
    if not wanted.prefix or (wanted.prefix == now.prefix and now.own):
        return
    wish = wanted.prefix.rstrip("-")
    taken = next(
        (
            (label, prefix)
            for series, label, prefix in queries.prefixes(ctx, now.kind)
            if series != now.series and wish == prefix.rstrip("-")
        ),
        None,
    )
    if taken is not None:
        label, prefix = taken
        raise Refused(
            _("Numbers of “{label}” begin with {prefix}.", label=_(label), prefix=prefix),
            field="prefix",
            remedy=_("Take another beginning: nobody could tell the two apart."),
        )


def _check_day(command: NumberChange, now: NumberView) -> None:
    if not now.by_day:
        return
    for field in ("with_year", "restart", "next_value"):
        if getattr(command, field) not in (None, False, Restart.NEVER):
            raise Refused(
                _("These numbers hold their day, and are counted anew each day."),
                field=field,
                remedy=_("Leave it out."),
            )
    if command.width is not None and command.width > 6:
        raise Refused(_("Six figures at most."), field="width", remedy=_("Take fewer."))


def _carried_on(ctx: Context, now: NumberView, restart: Restart) -> int:
    """Where the count stands once it begins anew at other times: it goes on until the year or month ends.

    So no number is given twice: one with the year may have been given while its count did not begin anew, and one without after
    any count of any year.
    """
    if restart is Restart.NEVER:
        return highest_count(ctx.session, now.series)
    stood = queries.count_under(ctx, now.series, replace(now.shape, restart=restart), now.day)
    goes_on = queries.count_under(ctx, now.series, replace(now.shape, restart=Restart.NEVER), now.day)
    return max(now.last, stood, goes_on if restart is Restart.YEAR else 0)


def _last(now: NumberView, next_value: int | None) -> int:
    if next_value is None or now.by_day or next_value == now.next_value:
        return now.last
    if next_value <= now.last:
        raise Refused(
            _("The count stands at {n}, and no count is given twice.", n=now.last),
            field="next_value",
            remedy=_("Write {n} or more, or leave it empty.", n=now.next_value),
        )
    if now.gapless and now.last:
        raise Refused(
            _("“{label}” must have no gaps: each count has to be there.", label=_(now.label)),
            field="next_value",
            remedy=_("Leave it empty. The count can be chosen only before the first number is given."),
        )
    return next_value - 1


def _shown(before: NumberView, after: NumberView) -> dict[str, str]:
    """`what: before → after` for the activity log, told by the number that is next."""
    found = {"number": f"{before.next_number} → {after.next_number}"}
    if before.last != after.last:
        found["next_value"] = f"{before.next_value} → {after.next_value}"
    return found

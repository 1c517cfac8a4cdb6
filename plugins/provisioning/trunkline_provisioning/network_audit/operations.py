"""What is done with audits: begun on demand or at night, kept, and each difference repaired or left as it is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from trunkline.db.numbers import next_number
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.models import OnFailure
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.operation import Context, operation
from trunkline_catalog import queries as catalog
from trunkline_provisioning import library, versions
from trunkline_provisioning.checking import require_sound
from trunkline_provisioning.network_audit.comparing import Comparison, Found
from trunkline_provisioning.network_audit.events import (
    AuditFinished,
    AuditStarted,
    FindingIgnored,
    FindingReopened,
    FindingRepairStarted,
)
from trunkline_provisioning.network_audit.models import ProvisioningAudit, ProvisioningFinding
from trunkline_provisioning.network_audit.schemas import (
    AuditState,
    FindingKind,
    FindingState,
    IgnoreFinding,
)
from trunkline_provisioning.planned import target_of
from trunkline_provisioning.schemas import AnsibleInputs
from trunkline_provisioning.syntax_check import SyntaxCheck

AUDIT_KIND, REPAIR_KIND = "provisioning.audit", "provisioning.repair"
#: What the activity log calls a difference.
FINDING_LABEL = _("Finding")
_LOOKED_AT = (FindingState.OPEN, FindingState.IGNORED, FindingState.REPAIRING)


@operation("provisioning.audit.run")
def begin(ctx: Context, key: str = "") -> ProvisioningAudit:
    """Queue a comparison. The same `key` gives the one that was queued. Raises Conflict while another one is under way."""
    under_way = ctx.session.scalars(
        select(ProvisioningAudit).where(col(ProvisioningAudit.state) == AuditState.RUNNING).limit(1)
    ).first()
    if under_way is not None:
        raise Conflict(
            _("Audit {number} is under way.", number=under_way.number), remedy=_("Wait for its end.")
        )
    audit = ProvisioningAudit(number=next_number(ctx.session, "network_audit"), requested_by=ctx.actor.name)
    ctx.session.add(audit)
    ctx.session.flush()
    job = enqueue(
        ctx,
        kind=AUDIT_KIND,
        title=str(_("Compare network and system")),
        steps=[PlannedStep("provisioning.audit", inputs={"audit_id": audit.key})],
        key=key or f"network-audit:{audit.number}",
        subject=("network_audit", audit.key),
        on_failure=OnFailure.HOLD,
    )
    audit.job_number = job.number
    ctx.session.flush()
    ctx.note(audit, label=audit.number)
    ctx.emit(AuditStarted(entity_id=audit.key, number=audit.number))
    return audit


def keep(ctx: Context, audit: ProvisioningAudit, found: Sequence[Found]) -> None:
    """Keep differences of an audit: what was ignored and is as it was stays ignored."""
    for one in found:
        row = _known(ctx, one)
        fields = {name: list(pair) for name, pair in one.fields.items()}
        if row is None:
            row = ProvisioningFinding(
                number=next_number(ctx.session, "network_finding"),
                action=one.reader.action,
                place=one.place[:300],
                subject=one.key[:500],
                kind=one.kind,
                seen_at=ctx.now(),
            )
            ctx.session.add(row)
        elif row.state == FindingState.GONE or (row.kind, row.fields) != (one.kind, fields):
            row.state, row.ignored_reason, row.ignored_by, row.job_number = FindingState.OPEN, "", "", ""
        elif row.state == FindingState.REPAIRING:
            # Its repair was done, or not, and it is still there.
            row.state = FindingState.OPEN
        row.kind, row.fields, row.seen_at, row.audit_id = one.kind, fields, ctx.now(), audit.key
        row.service_id, row.service, row.customer_id = one.service_id, one.service, one.customer_id
        setattr(audit, one.kind.value, getattr(audit, one.kind.value) + 1)
    ctx.session.flush()


def _known(ctx: Context, one: Found) -> ProvisioningFinding | None:
    return ctx.session.scalars(
        select(ProvisioningFinding).where(
            col(ProvisioningFinding.action) == one.reader.action,
            col(ProvisioningFinding.place) == one.place[:300],
            col(ProvisioningFinding.subject) == one.key[:500],
        )
    ).one_or_none()


def close(ctx: Context, audit: ProvisioningAudit, comparison: Comparison) -> None:
    """End an audit: what it did not find any more at elements that it could read is gone."""
    ctx.session.execute(
        update(ProvisioningFinding)
        .where(
            col(ProvisioningFinding.state).in_(_LOOKED_AT),
            col(ProvisioningFinding.place).not_in([place[:300] for place in comparison.silent]),
            col(ProvisioningFinding.audit_id).is_distinct_from(audit.key),
        )
        .values(state=FindingState.GONE)
    )
    audit.services, audit.held, audit.problems = comparison.services, comparison.held, comparison.problems
    audit.state, audit.finished_at = AuditState.DONE, ctx.now()
    ctx.emit(
        AuditFinished(
            entity_id=audit.key,
            number=audit.number,
            services=audit.services,
            missing=audit.missing,
            unknown=audit.unknown,
            differs=audit.differs,
        )
    )


def finding(ctx: Context, number: str, *, lock: bool = False) -> ProvisioningFinding:
    """One difference by its number. Raises NotFound."""
    statement = select(ProvisioningFinding).where(
        col(ProvisioningFinding.number) == number, *ctx.visible_conditions(ProvisioningFinding)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = ctx.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFound(_("There is no difference {number}.", number=number))
    return row


@operation("provisioning.finding.change")
def ignore(ctx: Context, number: str, command: IgnoreFinding) -> ProvisioningFinding:
    """Leave a difference as it is, for a reason, as long as it does not change. Raises Refused unless it is open."""
    row = finding(ctx, number, lock=True)
    if row.state != FindingState.OPEN:
        raise Refused(_("Only an open difference is left as it is."), field="reason")
    row.state, row.ignored_reason, row.ignored_by = FindingState.IGNORED, command.reason, ctx.actor.name
    ctx.session.flush()
    ctx.note(row, label=row.number, key=row.subject, reason=command.reason)
    ctx.emit(FindingIgnored(**_of(row)))
    return row


@operation("provisioning.finding.change")
def reopen(ctx: Context, number: str) -> ProvisioningFinding:
    """Count a difference again that was left as it is. Raises Refused unless it was."""
    row = finding(ctx, number, lock=True)
    if row.state != FindingState.IGNORED:
        raise Refused(_("It is not left as it is."))
    row.state, row.ignored_reason, row.ignored_by = FindingState.OPEN, "", ""
    ctx.session.flush()
    ctx.note(row, label=row.number, key=row.subject)
    ctx.emit(FindingReopened(**_of(row)))
    return row


@operation("provisioning.finding.run")
def repair(ctx: Context, number: str) -> ProvisioningFinding:
    """Queue the repair: what we know is set up again in the network, what nobody knows is taken out of it; then it is looked at.

    Raises Refused unless it is open and can be repaired so.
    """
    row = finding(ctx, number, lock=True)
    if row.state not in (FindingState.OPEN, FindingState.REPAIRING):
        raise Refused(_("Only an open difference is repaired."))
    steps = _removal(row) if row.kind == FindingKind.UNKNOWN else _set_up_again(ctx, row)
    row.repairs += 1
    job = enqueue(
        ctx,
        kind=REPAIR_KIND,
        title=str(_("Repair {key} in {place}", key=row.subject, place=row.place)),
        steps=steps,
        key=f"network-repair:{row.number}:{row.repairs}",
        customer_id=row.customer_id,
        subject=("network_finding", row.key),
        on_failure=OnFailure.HOLD,
    )
    row.state, row.job_number = FindingState.REPAIRING, job.number
    ctx.session.flush()
    ctx.note(row, label=row.number, key=row.subject, kind=row.kind, job=job.number)
    ctx.emit(FindingRepairStarted(**_of(row), job=job.number))
    return row


def _of(row: ProvisioningFinding) -> dict[str, Any]:
    """What every event about a difference says."""
    return {"entity_id": row.key, "customer_id": row.customer_id, "number": row.number, "kind": row.kind}


def _removal(row: ProvisioningFinding) -> list[PlannedStep]:
    return [PlannedStep("provisioning.audit_remove", inputs={"finding_id": row.key})]


def _set_up_again(ctx: Context, row: ProvisioningFinding) -> list[PlannedStep]:
    if row.service_id is None:
        raise Refused(_("No service belongs to it."))
    service = catalog.service_by_id(ctx, row.service_id)
    if (busy := catalog.open_line_of(ctx, service.id)) is not None:
        raise Refused(
            _("Order line {line} is at work on {service}.", line=busy.number, service=service.number)
        )
    product = catalog.product(ctx, service.product_code)
    line = catalog.standing_line_of(ctx, service.id)
    playbook = library.find(ctx.app, product.playbook)
    if line is None:
        raise Refused(_("{service} was never ordered.", service=service.number))
    wanted = ["do", *(["suspend"] if service.suspensions else []), *service.switches]
    words = [word for word in wanted if playbook.has(word)]
    require_sound(playbook, words, SyntaxCheck.of(ctx.app))
    version = versions.freeze(ctx, playbook)
    inputs = [
        AnsibleInputs(line_id=line.id, playbook=f"{playbook.name}/{word}", version=version) for word in words
    ]
    steps = []
    for one in inputs:
        target, at_once = target_of(ctx, one.playbook)
        steps.append(
            PlannedStep("provisioning.ansible", inputs=one.model_dump(), target=target, at_once=at_once)
        )
    return [*steps, PlannedStep("provisioning.audit_check", inputs={"finding_id": row.key})]

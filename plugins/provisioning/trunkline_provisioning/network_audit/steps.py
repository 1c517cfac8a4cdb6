"""The audit's steps: comparing, looking at one thing again after its repair, taking out what nobody knows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.errors import Conflict
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.operation import Context
from trunkline.plugin import Policy, ScheduledTask, StepKind
from trunkline_catalog import queries as catalog
from trunkline_provisioning.network_audit import operations
from trunkline_provisioning.network_audit.comparing import Comparison, Found
from trunkline_provisioning.network_audit.expectations import Expectations
from trunkline_provisioning.network_audit.models import ProvisioningAudit, ProvisioningFinding
from trunkline_provisioning.network_audit.readers import Options, Reader, ReadError, readers
from trunkline_provisioning.network_audit.schemas import AuditInputs, AuditState, FindingState, RepairInputs
from trunkline_provisioning.settings import ProvisioningSettings

_KEPT_AT_ONCE = 200


def compare(step: StepContext) -> Mapping[str, Any]:
    """Compare everything. Done again after a death it begins anew: what it had kept is kept again."""
    with step.unit_of_work() as ctx:
        audit = _audit(ctx, step.inputs.audit_id)
        audit.state, audit.missing, audit.unknown, audit.differs = AuditState.RUNNING, 0, 0, 0
    comparison = Comparison(step.app, readers(step.app))
    try:
        with comparison.run(step.cancelled) as found:
            _keep_all(step, found)
    except (
        Exception
    ):  # whatever it was: it goes on to the job, but the audit must not look as if it still ran
        with step.unit_of_work() as ctx:
            _audit(ctx, step.inputs.audit_id).state = AuditState.FAILED
        raise
    for problem in comparison.problems:
        step.log(problem, "warn")
    with step.unit_of_work() as ctx:
        audit = _audit(ctx, step.inputs.audit_id)
        if step.cancelled():
            audit.state = AuditState.FAILED
            return {}
        operations.close(ctx, audit, comparison)
        counts = {
            name: getattr(audit, name) for name in ("services", "held", "missing", "unknown", "differs")
        }
    step.log(
        "{services} services compared with {held} entries: {missing} missing, {unknown} unknown, {differs} different.".format(
            **counts
        ),
        "ok",
    )
    return counts


def _keep_all(step: StepContext, found: Iterable[Found]) -> None:
    rows = iter(found)
    while (part := list(islice(rows, _KEPT_AT_ONCE))) and not step.cancelled():
        with step.unit_of_work() as ctx:
            operations.keep(ctx, _audit(ctx, step.inputs.audit_id), part)


def _audit(ctx: Context, audit_id: int) -> ProvisioningAudit:
    return ctx.session.scalars(
        select(ProvisioningAudit).where(col(ProvisioningAudit.id) == audit_id).with_for_update()
    ).one()


def _finding(ctx: Context, finding_id: int) -> ProvisioningFinding:
    return ctx.session.scalars(
        select(ProvisioningFinding).where(col(ProvisioningFinding.id) == finding_id).with_for_update()
    ).one()


def check_again(step: StepContext) -> Mapping[str, Any]:
    """Look whether the element holds what it should by now. Raises StepFailed naming what still differs."""
    with step.app.reading() as ctx:
        row = ctx.session.get_one(ProvisioningFinding, step.inputs.finding_id)
        place, key = row.place, row.subject
        expectations = Expectations(ctx, readers(step.app))
        found = catalog.provisioned_services(ctx, only=row.service_id) if row.service_id is not None else []
    for one in found:
        for expectation in expectations.of(one.playbook, one.service, one.variables):
            if (expectation.place[:300], expectation.holding.key[:500]) == (place, key):
                _require_same(expectation.reader, expectation.options, expectation.holding)
    _gone(step)
    return {"key": key}


def _require_same(reader: Reader, options: Options, wanted: Any) -> None:
    try:
        held = reader.one(options, wanted)
    except ReadError as error:
        raise StepFailed(str(error)) from error
    if held is None:
        raise StepFailed(f"{wanted.key} is still missing.")
    if fields := reader.differing(wanted, held):
        said = ", ".join(f"{name} is “{now}”, not “{should}”" for name, (should, now) in fields.items())
        raise StepFailed(f"{wanted.key} still differs: {said}.")


def take_out(step: StepContext) -> Mapping[str, Any]:
    """Take something out of the network that no service has. Looked at once more before: somebody may have ordered it since."""
    with step.app.reading() as ctx:
        row = ctx.session.get_one(ProvisioningFinding, step.inputs.finding_id)
        action, place, key = row.action, row.place, row.subject
    comparison = Comparison(step.app, [one for one in readers(step.app) if one.action == action])
    way = comparison.way_to(place, key)
    if way is None:
        raise StepFailed(f"{key} belongs to a service by now, or {place} is not used any more.")
    reader, options = way
    if reader.remove is None:
        raise StepFailed(f"What {place} holds cannot be taken out from here.")
    try:
        step.log(f"{place}: {key} {reader.remove(options, key)}", "ok")
    except ReadError as error:
        raise StepFailed(str(error)) from error
    _gone(step)
    return {"key": key}


def _gone(step: StepContext) -> None:
    with step.unit_of_work() as ctx:
        _finding(ctx, step.inputs.finding_id).state = FindingState.GONE


def plan(ctx: Context) -> None:
    """Queue this night's audit, once, where the operator wants one."""
    hour = ctx.settings(ProvisioningSettings).audit_hour
    here = ctx.now().astimezone(ctx.app.config.zone)
    if hour is None or here.hour < hour or not any(one.playbook for one in catalog.products(ctx)):
        return
    number = f"network-audit:{here:%Y-%m-%d}"
    if ctx.session.scalar(select(col(Job.id)).where(col(Job.unique_key) == number)) is not None:
        return
    try:
        operations.begin(ctx, number)
    except Conflict:
        # One that somebody asked for is under way; the next turn looks again.
        return


STEP_KINDS: Sequence[StepKind] = (
    StepKind(
        "provisioning.audit",
        _("Compare network and system"),
        compare,
        inputs=AuditInputs,
        irreversible=True,
        policy=Policy.RESUME,
        timeout=timedelta(hours=6),
    ),
    StepKind(
        "provisioning.audit_check",
        _("Look whether it is as it should be"),
        check_again,
        inputs=RepairInputs,
        irreversible=True,
    ),
    StepKind(
        "provisioning.audit_remove",
        _("Take out of the network"),
        take_out,
        inputs=RepairInputs,
        irreversible=True,
    ),
)
NIGHTLY = ScheduledTask(
    "network_audit", plan, timedelta(minutes=20), _("Compare the network with the records")
)

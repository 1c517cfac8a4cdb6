"""Believing the network, where that is safe: a switch that explains the whole difference is recorded as it stands there."""

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries
from trunkline_catalog.schemas import ChangeOffer
from trunkline_provisioning.network_audit import operations
from trunkline_provisioning.network_audit.expectations import Expectations
from trunkline_provisioning.network_audit.models import ProvisioningFinding
from trunkline_provisioning.network_audit.readers import readers
from trunkline_provisioning.network_audit.schemas import FindingKind, FindingState


def adoptable(ctx: Context, row: ProvisioningFinding) -> tuple[ChangeOffer, bool] | None:
    """The switch with which the system would say what the network holds, and whether it would be on; None when none does."""
    if row.kind != FindingKind.DIFFERS or row.service_id is None:
        return None
    found = queries.provisioned_services(ctx, only=row.service_id)
    if len(found) != 1 or found[0].busy:
        return None
    one = found[0]
    product = queries.product(ctx, one.service.product_code)
    expectations = Expectations(ctx, readers(ctx.app))
    for offer in queries.change_offers(ctx, product):
        if not offer.switch:
            continue
        turned_on = offer.word not in one.service.switches
        others = [word for word in one.service.switches if word != offer.word]
        switches = [*others, offer.word] if turned_on else others
        service = one.service.model_copy(update={"switches": tuple(switches)})
        variables = {**one.variables, "service": {**one.variables["service"], "switches": switches}}
        for each in expectations.of(one.playbook, service, variables):
            same = (each.place[:300], each.holding.key[:500]) == (row.place, row.subject)
            if same and all(each.holding.fields.get(name) == pair[1] for name, pair in row.fields.items()):
                return offer, turned_on
    return None


@operation("provisioning.finding.run")
def adopt(ctx: Context, number: str) -> ProvisioningFinding:
    """Record the switch that explains a difference; the network is not touched. Raises Refused when none explains it."""
    row = operations.finding(ctx, number, lock=True)
    found = adoptable(ctx, row) if row.state == FindingState.OPEN else None
    if found is None:
        raise Refused(
            _("Nothing that the system knows explains what the network holds."),
            remedy=_("Repair it instead."),
        )
    offer, turned_on = found
    catalog.record_switch(ctx, row.service, offer.word, turned_on)
    row.state = FindingState.GONE
    ctx.session.flush()
    ctx.note(row, label=row.number, key=row.subject, switch=offer.word, on=turned_on)
    return row

"""What becomes of provisioning's rows when a person is erased. Logs, inputs and results of jobs go with the jobs."""

from trunkline.customers.erasing.parts import (
    Erased,
    ErasedRows,
    none_of,
    of_customer,
    pseudonym,
)
from trunkline.i18n import gettext as _
from trunkline_provisioning.network_audit.models import ProvisioningFinding
from trunkline_provisioning.rollouts.models import ProvisioningRolloutRow

CUSTOMER_ERASURES: tuple[Erased, ...] = (
    ErasedRows(ProvisioningFinding, _("Differences found in the network"), of_customer(ProvisioningFinding)),
    ErasedRows(
        ProvisioningRolloutRow,
        "",
        of_customer(ProvisioningRolloutRow),
        {"label": pseudonym, "values": none_of(dict), "message": ""},
    ),
)

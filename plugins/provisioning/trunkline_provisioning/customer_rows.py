"""Tables of provisioning whose rows belong to customers."""

from trunkline.customers.merging.rows import CustomerRows
from trunkline_provisioning.network_audit.models import ProvisioningFinding
from trunkline_provisioning.rollouts.models import ProvisioningRolloutRow

CUSTOMER_ROWS = (CustomerRows(ProvisioningFinding, ""), CustomerRows(ProvisioningRolloutRow, ""))

"""Tables of provisioning whose rows belong to customers."""

from trunkline.customers.merging.rows import CustomerRows
from trunkline_provisioning.rollouts.models import ProvisioningRolloutRow

CUSTOMER_ROWS = (CustomerRows(ProvisioningRolloutRow, ""),)

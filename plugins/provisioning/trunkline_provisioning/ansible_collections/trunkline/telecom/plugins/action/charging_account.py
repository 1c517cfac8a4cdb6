"""Ansible action: the account that the order is charged to. Its options are described in the collection's README."""

from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.order import charging_account
from trunkline_provisioning.devices.outcome import Outcome


class ActionModule(DeviceAction):
    """Reads what an earlier step of the order handed over."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {}

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Find it, or say that nothing is charged."""
        return charging_account(around.variables)

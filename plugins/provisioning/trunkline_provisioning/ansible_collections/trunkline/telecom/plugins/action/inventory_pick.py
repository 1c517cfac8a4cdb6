"""Ansible action: the item of a template that the order holds. Its options are described in the collection's README."""

from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.order import picked
from trunkline_provisioning.devices.outcome import Outcome


class ActionModule(DeviceAction):
    """Reads the order's picks; items are held when the order is placed and given back when it fails."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "template": {"type": "str", "required": True},
        "fields": {"type": "list", "elements": "str", "default": []},
    }

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Find it, or say what is missing."""
        return picked(around.variables, wanted["template"], wanted["fields"])

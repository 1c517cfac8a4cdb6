"""Ansible action: a text message that leaves once the playbook has ended well. Its options are in the collection's README."""

from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.order import message
from trunkline_provisioning.devices.outcome import Outcome


class ActionModule(DeviceAction):
    """Hands the message over to the job, which queues it under the job's own key."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "to": {"type": "str", "default": ""},
        "text": {"type": "str", "required": True},
    }

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Hand over, or say what would be."""
        return message("sms", wanted["to"], "", wanted["text"], dry_run=around.dry_run)

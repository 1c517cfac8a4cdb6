"""Ansible action: keep objects of an SNMP agent at the values wanted. Its options are described in the collection's README."""

from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.outcome import Outcome
from trunkline_provisioning.devices.snmp import TYPES, Agent, Wanted, keep


class ActionModule(DeviceAction):
    """Runs in the controller: the agent is reached from where the playbook runs."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 161},
        "community": {"type": "str", "default": "", "no_log": True},
        "username": {"type": "str", "default": ""},
        "auth_key": {"type": "str", "default": "", "no_log": True},
        "auth_protocol": {"type": "str", "default": "sha256", "choices": ["sha", "sha256", "sha512", "md5"]},
        "priv_key": {"type": "str", "default": "", "no_log": True},
        "priv_protocol": {"type": "str", "default": "aes", "choices": ["aes", "aes256"]},
        "objects": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "oid": {"type": "str", "required": True},
                "value": {"type": "raw", "required": True},
                "type": {"type": "str", "default": "string", "choices": list(TYPES)},
            },
        },
        "timeout": {"type": "float", "default": 3.0},
        "retries": {"type": "int", "default": 2},
    }

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Get, compare, set, get again."""
        objects = [Wanted(one["oid"], one["value"], one["type"]) for one in wanted.pop("objects")]
        return keep(Agent(**wanted), objects, dry_run=around.dry_run)

"""Ansible action: keep configuration of a NETCONF element as wanted. Its options are described in the collection's README."""

from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.netconf import Wish, keep
from trunkline_provisioning.devices.netconf_session import Login
from trunkline_provisioning.devices.outcome import Outcome


class ActionModule(DeviceAction):
    """Runs in the controller: the element is reached from where the playbook runs."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 830},
        "username": {"type": "str", "default": ""},
        "password": {"type": "str", "default": "", "no_log": True},
        "private_key": {"type": "str", "default": "", "no_log": True},
        "host_key": {"type": "str", "default": ""},
        "any_host_key": {"type": "bool", "default": False},
        "config": {"type": "str", "required": True},
        "operation": {"type": "str", "default": "merge", "choices": ["merge", "replace", "delete"]},
        "at": {"type": "str", "default": ""},
        "filter": {"type": "str", "default": ""},
        "datastore": {"type": "str", "default": "", "choices": ["", "candidate", "running"]},
        "write_only": {"type": "list", "elements": "str", "default": []},
        "hide": {"type": "list", "elements": "str", "default": [], "no_log": True},
        "timeout": {"type": "float", "default": 10.0},
    }

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Get, compare, edit, get again."""
        login = Login(
            **{
                name: wanted[name]
                for name in "host port username password private_key host_key any_host_key timeout".split()
            },
            hide=tuple(wanted["hide"]),
        )
        wish = Wish(
            config=wanted["config"],
            operation=wanted["operation"],
            at=wanted["at"],
            filter=wanted["filter"],
            datastore=wanted["datastore"],
            write_only=tuple(wanted["write_only"]),
        )
        return keep(login, wish, dry_run=around.dry_run)

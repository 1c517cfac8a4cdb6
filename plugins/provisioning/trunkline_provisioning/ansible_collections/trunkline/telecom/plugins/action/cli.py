"""Ansible action: have a command line show what is wanted. Its options are described in the collection's README."""

from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.cli import REFUSALS, Login, Wish, reach
from trunkline_provisioning.devices.outcome import Outcome


class ActionModule(DeviceAction):
    """Runs in the controller: the element is reached from where the playbook runs."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 0},
        "transport": {"type": "str", "default": "ssh", "choices": ["ssh", "telnet"]},
        "device_type": {"type": "str", "default": ""},
        "username": {"type": "str", "default": ""},
        "password": {"type": "str", "default": "", "no_log": True},
        "private_key": {"type": "str", "default": "", "no_log": True},
        "enable_password": {"type": "str", "default": "", "no_log": True},
        "host_key": {"type": "str", "default": ""},
        "any_host_key": {"type": "bool", "default": False},
        "check": {"type": "str", "default": ""},
        "expect": {"type": "list", "elements": "str", "default": []},
        "forbid": {"type": "list", "elements": "str", "default": []},
        "commands": {"type": "list", "elements": "str", "default": []},
        "configure": {"type": "bool", "default": False},
        "save": {"type": "str", "default": ""},
        "refusals": {"type": "str", "default": REFUSALS},
        "hide": {"type": "list", "elements": "str", "default": [], "no_log": True},
        "timeout": {"type": "float", "default": 10.0},
    }

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Check, send what is needed, check again."""
        login = Login(
            **{
                name: wanted[name]
                for name in (
                    "host port transport device_type username password private_key enable_password host_key "
                    "any_host_key timeout"
                ).split()
            }
        )
        wish = Wish(
            check=wanted["check"],
            expect=tuple(wanted["expect"]),
            forbid=tuple(wanted["forbid"]),
            commands=tuple(wanted["commands"]),
            configure=wanted["configure"],
            save=wanted["save"],
            refusals=wanted["refusals"],
        )
        return reach(login, wish, secrets=wanted["hide"], dry_run=around.dry_run)

"""Ansible action: keep a user of FreeRADIUS's SQL tables as wanted. Its options are described in the collection's README."""

from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.outcome import Outcome
from trunkline_provisioning.devices.radius import Database, keep, wanted_user


class ActionModule(DeviceAction):
    """Runs in the controller: the database is reached from where the playbook runs."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 5432},
        "database": {"type": "str", "default": "radius"},
        "login": {"type": "str", "default": "radius"},
        "login_password": {"type": "str", "default": "", "no_log": True},
        "sslmode": {
            "type": "str",
            "default": "prefer",
            "choices": ["disable", "prefer", "require", "verify-ca", "verify-full"],
        },
        "username": {"type": "str", "required": True},
        "password": {"type": "str", "default": "", "no_log": True},
        "password_attribute": {"type": "str", "default": "Cleartext-Password"},
        "check": {"type": "dict", "default": {}},
        "reply": {"type": "dict", "default": {}},
        "groups": {"type": "list", "elements": "str", "default": []},
        "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
        "timeout": {"type": "float", "default": 10.0},
    }

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Read the user's rows, compare, replace them in one transaction."""
        database = Database(
            wanted["host"],
            wanted["database"],
            wanted["port"],
            wanted["login"],
            wanted["login_password"],
            wanted["sslmode"],
            wanted["timeout"],
        )
        user = wanted_user(
            wanted["password"],
            wanted["check"],
            wanted["reply"],
            wanted["groups"],
            password_attribute=wanted["password_attribute"],
        )
        keeps = user if wanted["state"] == "present" else None
        return keep(database, wanted["username"], keeps, dry_run=around.dry_run)

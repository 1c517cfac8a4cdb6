"""Ansible action: keep a resource of a JSON interface as wanted. Its options are described in the collection's README."""

from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.http import Access, Http, Resource
from trunkline_provisioning.devices.outcome import Outcome


class ActionModule(DeviceAction):
    """Runs in the controller: the interface is reached from where the playbook runs."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "url": {"type": "str", "required": True},
        "state": {"type": "str", "default": "present", "choices": ["present", "absent", "called"]},
        "body": {"type": "dict", "default": {}},
        "create": {"type": "str", "default": "PUT", "choices": ["PUT", "POST"]},
        "create_url": {"type": "str", "default": ""},
        "update": {"type": "str", "default": "PUT", "choices": ["PUT", "PATCH", "POST"]},
        "method": {"type": "str", "default": "POST", "choices": ["POST", "PUT", "PATCH", "DELETE"]},
        "write_only": {"type": "list", "elements": "str", "default": []},
        "token": {"type": "str", "default": "", "no_log": True},
        "username": {"type": "str", "default": ""},
        "password": {"type": "str", "default": "", "no_log": True},
        "headers": {"type": "dict", "default": {}},
        "verify": {"type": "bool", "default": True},
        "ca_file": {"type": "str", "default": ""},
        "idempotency_header": {"type": "str", "default": "Idempotency-Key"},
        "timeout": {"type": "float", "default": 10.0},
    }

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Get, compare, put, get again."""
        access = Access(
            token=wanted["token"],
            username=wanted["username"],
            password=wanted["password"],
            headers=wanted["headers"],
            verify=wanted["verify"],
            ca_file=wanted["ca_file"],
            timeout=wanted["timeout"],
            idempotency_key=around.idempotency_key,
            idempotency_header=wanted["idempotency_header"],
        )
        with Http(access) as http:
            if wanted["state"] == "absent":
                return http.remove(wanted["url"], dry_run=around.dry_run)
            if wanted["state"] == "called":
                return http.call(
                    wanted["method"], wanted["url"], wanted["body"] or None, dry_run=around.dry_run
                )
            resource = Resource(
                wanted["url"],
                wanted["body"],
                wanted["create"],
                wanted["create_url"],
                wanted["update"],
                tuple(wanted["write_only"]),
            )
            return http.put(resource, dry_run=around.dry_run)

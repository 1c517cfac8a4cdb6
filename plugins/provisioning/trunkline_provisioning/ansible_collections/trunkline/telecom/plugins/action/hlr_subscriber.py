"""Ansible action: keep a subscriber of an HLR as wanted. Its options are described in the collection's README."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from trunkline_provisioning.hlr.subscriber import Hlr, Outcome, checked
from trunkline_provisioning.hlr.vty import Vty, VtyError

_OPTIONS: dict[str, dict[str, Any]] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 4258},
    "imsi": {"type": "str", "required": True},
    "msisdn": {"type": "str", "default": ""},
    "ki": {"type": "str", "default": "", "no_log": True},
    "opc": {"type": "str", "default": "", "no_log": True},
    "access": {
        "type": "str",
        "default": "enabled",
        "choices": ["enabled", "suspended", "voice_barred", "data_barred"],
    },
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "timeout": {"type": "float", "default": 10.0},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    """Runs in the controller: the HLR is reached from where the playbook runs."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Get, compare, put. Raises AnsibleActionFail with words that hold no key."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, wanted = self.validate_argument_spec(argument_spec=_OPTIONS)
        try:
            subscriber = checked(
                wanted["imsi"], wanted["msisdn"], wanted["ki"], wanted["opc"], access=wanted["access"]
            )
            with Vty(wanted["host"], wanted["port"], timeout=wanted["timeout"]) as vty:
                hlr = Hlr(vty)
                dry_run = bool(self._task.check_mode)
                absent = wanted["state"] == "absent"
                outcome = (
                    hlr.remove(subscriber.imsi, dry_run=dry_run)
                    if absent
                    else hlr.put(subscriber, dry_run=dry_run)
                )
                result.update(_told(hlr.name, subscriber.imsi, outcome))
        except VtyError as error:
            raise AnsibleActionFail(f"HLR: {error}") from None
        return result


def _told(name: str, imsi: str, outcome: Outcome) -> dict[str, Any]:
    words = ", ".join(outcome.changes) or "already as wanted"
    return {
        "changed": outcome.changed,
        "hlr": name,
        "changes": list(outcome.changes),
        "msg": f"{name}: {imsi} {words}",
    }

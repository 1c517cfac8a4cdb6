"""Ansible action: keep an entity of a TL1 element as wanted. Its options are described in the collection's README."""

from collections.abc import Mapping
from typing import Any, ClassVar

from trunkline_provisioning.devices.action import DeviceAction, Surroundings
from trunkline_provisioning.devices.outcome import DeviceError, Outcome
from trunkline_provisioning.devices.tl1 import MISSING, Command, Entity, Tl1, keep

_COMMANDS = {"type": "list", "elements": "dict", "default": []}


class ActionModule(DeviceAction):
    """Runs in the controller: the element is reached from where the playbook runs."""

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 3083},
        "tid": {"type": "str", "default": ""},
        "username": {"type": "str", "default": ""},
        "password": {"type": "str", "default": "", "no_log": True},
        "check": {"type": "dict", "default": {}},
        "expect": {"type": "dict", "default": {}},
        "state": {"type": "str", "default": "present", "choices": ["present", "absent", "called"]},
        "create": _COMMANDS,
        "change": _COMMANDS,
        "remove": _COMMANDS,
        "write_only": {"type": "list", "elements": "str", "default": []},
        "missing": {"type": "list", "elements": "str", "default": list(MISSING)},
        "timeout": {"type": "float", "default": 10.0},
    }

    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Retrieve, compare, enter or edit, retrieve again; with `called` only send `change`."""
        commands = {name: tuple(map(_command, wanted[name])) for name in ("create", "change", "remove")}
        with Tl1(wanted["host"], wanted["port"], tid=wanted["tid"], timeout=wanted["timeout"]) as session:
            if wanted["username"]:
                session.sign_in(wanted["username"], wanted["password"])
            if wanted["state"] == "called":
                return _call(session, commands["change"], around.dry_run)
            entity = Entity(
                _command(wanted["check"]),
                {str(name).upper(): str(value) for name, value in wanted["expect"].items()},
                commands["create"],
                commands["change"],
                commands["remove"],
                tuple(name.upper() for name in wanted["write_only"]),
                tuple(wanted["missing"]),
            )
            return keep(session, entity, absent=wanted["state"] == "absent", dry_run=around.dry_run)


def _call(session: Tl1, commands: tuple[Command, ...], dry_run: bool) -> Outcome:
    if not dry_run:
        for command in commands:
            session.do(command)
    verbs = ", ".join(f"{command.verb} {command.aid}".strip() for command in commands)
    return Outcome(True, f"{session.place}: {verbs}")


def _command(parts: Mapping[str, Any]) -> Command:
    odd = set(parts) - {"verb", "aid", "parameters", "positional", "states"}
    if odd or "verb" not in parts:
        raise DeviceError(
            "A TL1 command has verb, and may have aid, parameters, positional and states"
            + (f"; not {', '.join(sorted(map(str, odd)))}." if odd else ".")
        )
    return Command(
        str(parts["verb"]),
        str(parts.get("aid", "")),
        dict(parts.get("parameters") or {}),
        tuple(str(value) for value in parts.get("positional") or ()),
        str(parts.get("states", "")),
    )

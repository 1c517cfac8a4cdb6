"""What actions read of the order and hand over to it: a run never touches the system's own database."""

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline_provisioning.devices.outcome import DeviceError, Outcome

#: Under this name a run hands messages over; they are queued once the run has ended well.
MESSAGES = "trunkline_messages"


def picked(variables: Mapping[str, Any], template: str, fields: Sequence[str]) -> Outcome:
    """The item of a template that the order holds. Raises DeviceError when there is none, or a field of it is empty."""
    picks = variables.get("picks") or {}
    item = picks.get(template)
    if not isinstance(item, Mapping):
        held = ", ".join(sorted(picks)) or "nothing"
        raise DeviceError(
            f"The order holds no item of template “{template}” (it holds {held}): add it to what the product needs."
        )
    missing = [name for name in fields if item.get(name) in (None, "")]
    if missing:
        raise DeviceError(
            f"{item.get('item', template)} has no {', '.join(missing)}: fill that in in the inventory."
        )
    return Outcome(False, f"{template}: {item.get('item', '')}", facts={"item": dict(item)})


def charging_account(variables: Mapping[str, Any]) -> Outcome:
    """The account that an earlier step of the order opened or found. Raises DeviceError when no step did."""
    for name, step in (variables.get("steps") or {}).items():
        outputs = step.get("outputs") or {}
        if "account" in outputs:
            facts = {"account": outputs["account"], "engine": outputs.get("engine", ""), "step": name}
            return Outcome(False, f"Account {outputs['account']}", facts=facts)
    raise DeviceError("No earlier step of this order knows a charging account: its product is not charged.")


def message(kind: str, to: str, subject: str, text: str, *, dry_run: bool) -> Outcome:
    """A mail or text message for whoever `to` names, empty for the customer. Raises DeviceError when it says nothing.

    In check mode it is handed over too: a look that finds the playbook done after a death stands for its run.
    """
    if not text.strip():
        raise DeviceError("The message has no text.")
    words = f"{kind} to {to or 'the customer'}"
    handed = {"kind": kind, "to": to, "subject": subject, "text": text}
    stats = {"data": {MESSAGES: [handed]}, "per_host": False, "aggregate": True}
    # Whether it is sent then is for the step to say: a trial sends none.
    said = "would be queued" if dry_run else "kept until the playbook has ended well"
    return Outcome(False, f"{words}: {said}", facts={"ansible_stats": stats})

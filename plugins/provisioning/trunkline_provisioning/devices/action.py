"""What the collection's actions share: options checked, check mode and diff kept, failures in words."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from trunkline_provisioning.devices.outcome import DeviceError, Outcome


@dataclass(frozen=True)
class Surroundings:
    """What an action may know besides its options."""

    dry_run: bool
    #: The run's variables: `run`, `picks`, `steps`, `customer` and the like.
    variables: Mapping[str, Any]

    @property
    def idempotency_key(self) -> str:
        """`job:step:direction` of this run; empty outside a job."""
        run = self.variables.get("run")
        return str(run.get("idempotency_key", "")) if isinstance(run, Mapping) else ""


class DeviceAction(ActionBase):  # type: ignore[misc]  # ansible has no types
    """An action that runs in the controller's process. A subclass names its options and what it does."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    #: As Ansible's argument specifications; options with `no_log` appear in no message.
    OPTIONS: ClassVar[dict[str, dict[str, Any]]]

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Check the options, act, tell. Raises AnsibleActionFail with words that hold no secret."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, wanted = self.validate_argument_spec(argument_spec=self.OPTIONS)
        surroundings = Surroundings(bool(self._task.check_mode), task_vars or {})
        try:
            outcome = self.act(wanted, surroundings)
        except DeviceError as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(outcome.facts)
        result.update(changed=outcome.changed, msg=outcome.message)
        if self._task.diff and outcome.before != outcome.after:
            result["diff"] = {"before": outcome.before, "after": outcome.after}
        return result

    @abstractmethod
    def act(self, wanted: dict[str, Any], around: Surroundings) -> Outcome:
        """Get, compare, put. Raises DeviceError."""

"""What provisioning takes and gives."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline_provisioning.declaring import WORD, Look


class AnsibleInputs(BaseModel):
    """Inputs of the step kind `provisioning.ansible`: references only. Variables and secrets are read when it runs."""

    model_config = ConfigDict(extra="forbid")

    line_id: int
    #: Playbook and file, as in `mobile_line/do`.
    playbook: str = Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")
    #: What undoes it; empty when nothing has to be undone.
    undo_playbook: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*/[a-z][a-z0-9_]*)?$")
    #: What looks whether it was done; empty when nothing does.
    verify_playbook: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*/[a-z][a-z0-9_]*)?$")
    #: When that looks.
    look: Look = Look.EACH_TIME
    #: Which version of the playbook the job keeps; 0 means the present one.
    version: int = 0


class TrialInputs(BaseModel):
    """Inputs of the step kind `provisioning.trial`."""

    model_config = ConfigDict(extra="forbid")

    playbook: str = Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")
    version: int
    #: The element that stands for every element the playbook names; empty: each is itself.
    element: str = ""
    #: The order line whose customer, picks and parameters it gets; None: none.
    line_id: int | None = None
    #: Further variables by name, over those of the line.
    variables: dict[str, Any] = {}
    #: Only look what would change.
    check: bool = True


class WelcomeInputs(BaseModel):
    """Inputs of the step kind `provisioning.welcome`."""

    line_id: int


class PlaybookFileView(BaseModel):
    """One file of a playbook. `problem` is empty when it can be read."""

    word: str
    path: str
    problem: str = ""
    line: int = 0
    #: The file that looks whether it was done, as a word; empty when there is none.
    verified_by: str = ""
    #: When that one looks; None when there is none.
    look: Look | None = None
    #: Names of the outputs that it is declared to hand over.
    outputs: tuple[str, ...] = ()


class PlaybookView(BaseModel):
    """A playbook as pages and REST show it."""

    name: str
    source: str
    folder: str
    files: tuple[PlaybookFileView, ...]
    #: Codes of the products that name it.
    products: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Its files as words without `.yml`."""
        return tuple(file.word for file in self.files)

    @property
    def runnable(self) -> tuple[str, ...]:
        """The same without the one that only declares."""
        return tuple(word for word in self.words if word != WORD)

    @property
    def state(self) -> str:
        """`failed` when a file cannot be read, `warning` when nothing would undo it, else `ok`."""
        if any(file.problem for file in self.files):
            return "failed"
        return "ok" if any(file.word == "undo" for file in self.files) else "warning"

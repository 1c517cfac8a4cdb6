"""Forms of the playbook library."""

from pydantic import BaseModel, Field

from trunkline.i18n import gettext as _


class NewPlaybook(BaseModel):
    """A playbook to begin with."""

    name: str = Field(
        max_length=40,
        title=_("Name"),
        description=_(
            "Small letters, digits and underscores, as in fibre_terminal. Products choose it by this name."
        ),
    )


class NewFile(BaseModel):
    """A further file of a playbook."""

    word: str = Field(
        max_length=40,
        title=_("Name of the file"),
        description=_(
            "Without .yml, as in suspend, terminate, change_wifi. What undoes it is called undo_change_wifi, what looks whether "
            "it was done verify_change_wifi; schema declares what all of them read and hand over."
        ),
    )


class PlaybookText(BaseModel):
    """One file of a playbook as it was written in the browser."""

    text: str = Field(max_length=200_000, title=_("Playbook"), json_schema_extra={"widget": "code"})
    note: str = Field(
        default="",
        max_length=300,
        title=_("What changes, and why"),
        description=_("Stands beside the version."),
    )
    version: int = 0


class TryPlaybook(BaseModel):
    """What a trial runs, and against what."""

    word: str = Field(title=_("File"), json_schema_extra={"widget": "select"})
    element: str = Field(
        default="",
        title=_("Element"),
        description=_("Stands for every element that the playbook names. Empty: each is itself."),
        json_schema_extra={"widget": "select"},
    )
    service: str = Field(
        default="",
        max_length=20,
        title=_("Service"),
        description=_(
            "Its number, as in S000012: customer, items and parameters are those of its newest order line."
        ),
    )
    variables: str = Field(
        default="",
        max_length=20_000,
        title=_("Further variables"),
        description=_(
            "As YAML, over those of the service: parameters: {wifi_name: Casa}. They stay with the job, so no secrets."
        ),
        json_schema_extra={"widget": "code", "rows": 6},
    )
    check: bool = Field(
        default=True,
        title=_("Only look what would change"),
        description=_(
            "Check mode: actions of trunkline.telecom look for real; command, shell and uri are skipped. Without it the element "
            "is changed for real; mails and text messages are never sent by a trial."
        ),
    )

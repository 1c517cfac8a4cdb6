"""REST of the playbook library: files, versions, checking, trials."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.routing import RestRoutes
from trunkline_provisioning import editing, queries, trials, versions
from trunkline_provisioning.forms import NewPlaybook
from trunkline_provisioning.linting import Level
from trunkline_provisioning.models import ProvisioningPlaybookVersion
from trunkline_provisioning.schemas import PlaybookView

_VIEW, _EDIT = "provisioning.playbook.view", "provisioning.playbook.edit"


class FileText(BaseModel):
    """The text of one file, with the number of the playbook's newest version: what `If-Match` asks for."""

    name: str
    word: str
    text: str
    version: int


class CheckFile(BaseModel):
    """A text that is not saved."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=200_000)


class SaveFile(CheckFile):
    """One file of a playbook."""

    note: str = Field(default="", max_length=300, description="What changes, and why; kept with the version.")


class Remark(BaseModel):
    """What is said of a line; `line` is 0 for the file as a whole. An `error` keeps the file from being saved."""

    line: int
    message: str
    level: Level


class VersionRow(BaseModel):
    """A version of a playbook. `source` is `operator`, or the plugin that brought it."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    source: str
    note: str
    made_at: datetime
    made_by: str


class VersionOut(VersionRow):
    """The same with its files by their paths, and what changed since the version before, as a unified diff."""

    files: dict[str, str]
    difference: str


class TryFile(BaseModel):
    """What a trial runs, and against what."""

    model_config = ConfigDict(extra="forbid")

    word: str = Field(max_length=80, description="The file without `.yml`.")
    element: str = Field(
        default="",
        max_length=40,
        description="Stands for every element that the playbook names; empty: each is itself.",
    )
    service: str = Field(
        default="", max_length=20, description="Its newest order line gives customer, items and parameters."
    )
    variables: dict[str, Any] = Field(
        default={}, description="Over those of the service. They stay with the job, so no secrets."
    )
    check: bool = Field(default=True, description="Only look what would change.")


class TrialOut(BaseModel):
    """The number of the job that runs it."""

    job: str


def add_routes(rest: RestRoutes) -> None:
    """Add the routes under `/provisioning/playbooks`."""
    one, file = "/playbooks/{name}", "/playbooks/{name}/files/{word}"
    rest.get("/playbooks", permission="provisioning.playbook.list")(list_playbooks)
    rest.post("/playbooks", permission="provisioning.playbook.create")(create)
    rest.get(one, permission=_VIEW)(show)
    rest.delete(one, permission="provisioning.playbook.delete")(remove)
    rest.get(file, permission=_VIEW)(read_file)
    rest.patch(file, permission=_EDIT)(save_file)
    rest.post(f"{file}/check", permission=_EDIT, status=200, reads=True)(check_file)
    rest.get(f"{one}/versions", permission=_VIEW)(list_versions)
    rest.get(f"{one}/versions/{{number}}", permission=_VIEW)(show_version)
    rest.post(f"{one}/versions/{{number}}/bring-back", permission=_EDIT)(bring_back)
    rest.post(f"{one}/try", permission="provisioning.playbook.run", status=202)(try_out)


def list_playbooks(ctx: Context) -> Listing[PlaybookView]:
    """Every playbook with what is wrong in it and who uses it."""
    return list_of(queries.playbooks(ctx))


def show(ctx: Context, name: str) -> PlaybookView:
    """One playbook."""
    return queries.playbook(ctx, name)


def create(ctx: Context, command: NewPlaybook) -> PlaybookView:
    """Add a playbook of the operator's own, with files to begin from."""
    return queries.playbook(ctx, editing.create(ctx, command.name).name)


def remove(ctx: Context, name: str) -> None:
    """Remove the operator's playbook; one of a plugin of that name is used again. Versions stay."""
    queries.find(ctx, name)
    editing.remove(ctx, name)


def read_file(ctx: Context, name: str, word: str) -> FileText:
    """The text of a file, named without `.yml`."""
    newest = versions.latest(ctx, name)
    text = queries.source(ctx, name, word)
    return FileText(name=name, word=word, text=text, version=newest.number if newest else 0)


def save_file(
    ctx: Context, name: str, word: str, command: SaveFile, version: int | None = if_match
) -> VersionOut:
    """Save a file, or add one, once nothing is wrong with it; that is a new version.

    A plugin's playbook becomes the operator's own by this. `If-Match` takes the `version` that came with the file; 0 where there
    is none yet.
    """
    queries.find(ctx, name)
    saved = editing.save_file(ctx, name, word, command.text, note=command.note, version=version)
    return _version(ctx, saved)


def check_file(ctx: Context, name: str, word: str, command: CheckFile) -> Listing[Remark]:
    """What would keep the text from being saved as that file (`error`), and what could be better (`warning`)."""
    queries.find(ctx, name)
    editing.check_word(word, "word")
    errors = [
        Remark(line=one.line, message=one.message, level="error")
        for one in editing.problems_of(ctx, name, word, command.text)
    ]
    hints = [
        Remark(line=one.line, message=one.message, level=one.level)
        for one in queries.hints_of(ctx, name, word, editing.tidy(command.text))
    ]
    return list_of([*errors, *hints])


def list_versions(ctx: Context, name: str) -> Listing[VersionRow]:
    """The latest 200 versions of a playbook, the newest first."""
    found = versions.versions(ctx, name)
    if not found:
        queries.find(ctx, name)
    return list_of([VersionRow.model_validate(one) for one in found])


def show_version(ctx: Context, name: str, number: int) -> VersionOut:
    """One version with its files."""
    return _version(ctx, _existing(ctx, name, number))


def bring_back(ctx: Context, name: str, number: int) -> VersionOut:
    """Make an earlier version the present one, as a version of its own."""
    queries.find(ctx, name)
    _existing(ctx, name, number)
    return _version(ctx, editing.bring_back(ctx, name, number))


def try_out(ctx: Context, name: str, command: TryFile) -> TrialOut:
    """Queue a trial of one file; its job says what came of it."""
    queries.find(ctx, name)
    return TrialOut(job=trials.try_out(ctx, name, **command.model_dump()))


#: INTEGER of SQL, which counts versions.
_LARGEST = 2**31 - 1


def _existing(ctx: Context, name: str, number: int) -> ProvisioningPlaybookVersion:
    if number > _LARGEST:
        raise NotFound(_("The playbook {name} has no version {number}.", name=name, number=number))
    return versions.version(ctx, name, number)


def _version(ctx: Context, version: ProvisioningPlaybookVersion) -> VersionOut:
    number = version.number
    before = versions.version(ctx, version.playbook, number - 1).files if number > 1 else {}
    row = VersionRow.model_validate(version)
    return VersionOut(
        **row.model_dump(), files=version.files, difference=versions.difference(before, version.files)
    )

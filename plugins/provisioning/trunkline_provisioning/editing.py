"""Saving, adding, bringing back and removing playbooks of the operator. Files are written as a whole or not at all."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.operation import Context, operation
from trunkline_catalog import queries as catalog
from trunkline_provisioning import library, versions
from trunkline_provisioning.checking import check_text
from trunkline_provisioning.declaring import WORD, looks
from trunkline_provisioning.events import PlaybookChanged, PlaybookCreated, PlaybookRemoved
from trunkline_provisioning.library import OPERATOR, Playbook
from trunkline_provisioning.models import ProvisioningPlaybookVersion
from trunkline_provisioning.syntax_check import Problem, SyntaxCheck

_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")

#: What a new file begins with.
SKELETON = """\
# {comment}
- name: {title}
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Say who it is for
      ansible.builtin.debug:
        msg: "{{{{ service.number }}}} of {{{{ customer.number }}}}"
"""

#: What a new do.yml ends with, as its schema.yml declares.
HANDS_OVER = """
    - name: What the network now knows
      ansible.builtin.set_stats:
        data:
          line: "{{ service.number }}"
"""
VERIFY = """\
# {comment}
# The same tasks in check mode: what one of them would change has not been done.
- import_playbook: {word}.yml
"""
SCHEMA = """\
# What the files of this playbook read and hand over. `identifier: login` makes an output identify the service.
inputs:
  customer.number: {type: text}

outputs:
  do:
    line: {type: text, label: The service in the network}

# After a worker's death verify.yml looks whether do.yml was done; else it is run again.
policy:
  do: verify
"""


def skeleton(name: str, word: str) -> str:
    """A first text for a file, which can be run, or declares something."""
    if word == WORD:
        return SCHEMA
    if looks(word):
        about = "do" if word == "verify" else word.removeprefix("verify_")
        return VERIFY.format(comment=f"Looks whether {about}.yml was done.", word=about)
    title = name.replace("_", " ").capitalize()
    comment = "What do.yml does for a service." if word == "do" else f"{word.replace('_', ' ').capitalize()}."
    if word == "undo":
        comment = "Undoes do.yml; what is not there is fine."
    text = SKELETON.format(
        comment=comment, title=title if word == "do" else f"{title}, {word.replace('_', ' ')}"
    )
    return text + HANDS_OVER if word == "do" else text


def problems_of(ctx: Context, name: str, word: str, text: str) -> list[Problem]:
    """What would keep the text from being saved as that file."""
    known = library.library(ctx.app).get(name)
    return check_text(
        f"{word}.yml", tidy(text), SyntaxCheck.of(ctx.app), known.folder if known is not None else None
    )


def tidy(text: str) -> str:
    """The text with line ends as files have them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


@operation("provisioning.playbook.create")
def create(ctx: Context, name: str) -> Playbook:
    """A playbook of the operator to begin from: do.yml, undo.yml, verify.yml and schema.yml. Raises Refused for a name that is
    taken or none."""
    check_word(name, "name")
    if name in library.library(ctx.app):
        raise Refused(
            _("There is a playbook {name} already.", name=name),
            field="name",
            remedy=_("Open it and edit it."),
        )
    _write(ctx, name, {f"{word}.yml": skeleton(name, word) for word in ("do", "undo", "verify", WORD)})
    playbook = library.find(ctx.app, name)
    version = versions.record(ctx, playbook, note=str(_("Added")))
    ctx.note(version, label=name)
    ctx.emit(PlaybookCreated(entity_id=0, playbook=name, version=version.number))
    return playbook


@operation("provisioning.playbook.edit")
def save_file(
    ctx: Context, name: str, word: str, text: str, *, note: str = "", version: int | None = None
) -> ProvisioningPlaybookVersion:
    """Save one file and record the playbook's new version. A plugin's playbook becomes the operator's own by this.

    Raises Refused (field `text`) naming the first line at fault, and Conflict when `version` is not the newest any more.
    """
    check_word(word, "word")
    playbook = library.find(ctx.app, name)
    newest = versions.latest(ctx, name)
    if version is not None and version != (newest.number if newest else 0):
        raise Conflict(
            _("Somebody saved this playbook after you opened it."),
            field="version",
            remedy=_("Compare both and save again."),
        )
    problems = problems_of(ctx, name, word, text)
    if problems:
        first = problems[0]
        place = _("Line {n}: {words}", n=first.line, words=first.message) if first.line else first.message
        more = ngettext("And one more line.", "And {n} more lines.", len(problems) - 1)
        raise Refused(str(place), field="text", remedy=str(more) if len(problems) > 1 else None)
    # What was changed in the folder by other means stays findable.
    before = versions.record(ctx, playbook, note=str(_("Found in the folder")))
    files = {**before.files, f"{word}.yml": tidy(text)}
    if files == before.files:
        return before
    _write(ctx, name, files)
    saved = versions.record(ctx, library.find(ctx.app, name), note=note)
    ctx.note(saved, label=name, file=f"{word}.yml", version=saved.number)
    ctx.emit(PlaybookChanged(entity_id=0, playbook=name, version=saved.number, file=f"{word}.yml"))
    return saved


@operation("provisioning.playbook.edit")
def bring_back(ctx: Context, name: str, number: int) -> ProvisioningPlaybookVersion:
    """Make an earlier version the present one, as a version of its own."""
    wanted = versions.version(ctx, name, number)
    versions.record(ctx, library.find(ctx.app, name), note=str(_("Found in the folder")))
    _write(ctx, name, wanted.files)
    saved = versions.record(ctx, library.find(ctx.app, name), note=str(_("Version {n} again", n=number)))
    ctx.note(saved, label=name, version=saved.number, brought_back=number)
    ctx.emit(PlaybookChanged(entity_id=0, playbook=name, version=saved.number))
    return saved


@operation("provisioning.playbook.delete")
def remove(ctx: Context, name: str) -> bool:
    """Remove the operator's playbook; its versions stay. Returns whether a plugin's of that name comes back.

    Raises Refused while a product names it and nothing takes its place.
    """
    playbook = library.find(ctx.app, name)
    if playbook.source != OPERATOR:
        raise Refused(_("{name} comes with {source}.", name=name, source=playbook.source), field="name")
    stays = any(
        (folder / name / "do.yml").is_file()
        for source, folder in library.folders(ctx.app)
        if source != OPERATOR
    )
    users = [product.code for product in catalog.products(ctx) if product.playbook == name]
    if users and not stays:
        raise Refused(
            _("{products} use this playbook.", products=", ".join(users)),
            field="name",
            remedy=_("Choose another one for them first."),
        )
    version = versions.record(ctx, playbook, note=str(_("Before it was removed")))
    ctx.note(version, label=name)
    ctx.emit(PlaybookRemoved(entity_id=0, playbook=name, version=version.number))
    shutil.rmtree(playbook.folder)
    return stays


def check_word(word: str, field: str) -> None:
    """Raise Refused naming `field` unless a playbook or a file of one may be called `word`."""
    if not _WORD.fullmatch(word):
        raise Refused(
            _("{word} is no name for a playbook or a file of one.", word=word or "“”"),
            field=field,
            remedy=_("Use small letters, digits and underscores, a letter first."),
        )


def _write(ctx: Context, name: str, files: Mapping[str, str]) -> None:
    """Put a whole playbook in place of what is there: nobody ever reads half of it."""
    root = ctx.app.config.playbook_folder.resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=root))
        try:
            for path, text in files.items():
                target = fresh / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            fresh.chmod(0o755)
            _swap(fresh, root / name)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise Refused(
            _("The folder of playbooks cannot be written: {reason}.", reason=error.strerror or str(error)),
            field="text",
            remedy=_("Ask an administrator to look at its owner and the free space."),
        ) from error


def _swap(fresh: Path, place: Path) -> None:
    old = place.with_name(f".{place.name}-old-{os.getpid()}")
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)

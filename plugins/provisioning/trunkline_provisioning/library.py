"""Where playbooks are: the operator's folder first, then every enabled plugin's `playbooks/`.

A playbook is a folder with `do.yml`, and beside it the files of what else can happen to the service: `undo.yml`, `suspend.yml`,
`resume.yml`, `terminate.yml`, and any others such as `change_sim.yml`. `verify.yml` looks whether `do.yml` was done,
`verify_suspend.yml` whether `suspend.yml` was. `schema.yml` is not run: it declares what the files read and hand over. A playbook
is called by its folder's name, one file of it `mobile_line/do`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline_provisioning.declaring import FILE, WORD, looks

if TYPE_CHECKING:
    from trunkline.app import App

_NAME = re.compile(r"[a-z][a-z0-9_]{0,79}")
#: The order in which people read them.
FILES = ("do", "undo", "suspend", "resume", "terminate")
OPERATOR = "operator"


@dataclass(frozen=True)
class Playbook:
    """One folder of playbook files. `source` is `operator` or the plugin that brings it."""

    name: str
    folder: Path
    source: str

    @property
    def files(self) -> tuple[str, ...]:
        """The files it has, as words without `.yml`."""
        found = {path.stem for path in self.folder.glob("*.yml") if _NAME.fullmatch(path.stem)} - {WORD}
        known = [word for word in FILES if word in found]
        # What undoes a file stands behind it, and then what looks at it.
        others = sorted(found - set(known), key=_beside)
        return (*known, *others)

    @property
    def declares(self) -> str:
        """The text of its `schema.yml`; empty when it has none."""
        path = self.folder / FILE
        return path.read_text(errors="replace") if path.is_file() else ""

    def has(self, word: str) -> bool:
        return word in self.files

    def path(self, word: str) -> Path:
        """One of its files. Raises Refused when it has none of that name."""
        if not self.has(word) and not (word == WORD and (self.folder / FILE).is_file()):
            raise Refused(
                _("The playbook {name} has no {word}.yml.", name=self.name, word=word),
                field="playbook",
                remedy=_("Add {name}/{word} under Playbooks.", name=self.name, word=word),
            )
        return self.folder / f"{word}.yml"


def _beside(word: str) -> tuple[str, int]:
    about = word.removeprefix("undo_").removeprefix("verify_")
    return about, 2 if looks(word) else int(word.startswith("undo_"))


def folders(app: "App") -> Iterator[tuple[str, Path]]:
    """Each folder of playbooks beside its source, the operator's first."""
    yield OPERATOR, app.config.playbook_folder.resolve()
    for status in app.loaded.enabled:
        if status.module is not None and status.module.__file__ and not status.is_extension:
            yield status.name, Path(status.module.__file__).resolve().parent / "playbooks"


def collections(app: "App") -> tuple[Path, ...]:
    """Folders that hold `ansible_collections`: the operator's, then the plugins'."""
    places = (folder if source == OPERATOR else folder.parent for source, folder in folders(app))
    return tuple(place for place in places if (place / "ansible_collections").is_dir())


def library(app: "App") -> dict[str, Playbook]:
    """Every playbook by its name; the operator's wins over a plugin's of the same name."""
    found: dict[str, Playbook] = {}
    for source, folder in folders(app):
        if not folder.is_dir():
            continue
        for inner in sorted(folder.iterdir()):
            if _NAME.fullmatch(inner.name) and (inner / "do.yml").is_file():
                found.setdefault(inner.name, Playbook(inner.name, inner, source))
    return dict(sorted(found.items()))


def find(app: "App", name: str) -> Playbook:
    """The playbook called `name`. Raises Refused naming the nearest that exists."""
    known = library(app)
    if name in known:
        return known[name]
    near = get_close_matches(name, known, 1)
    remedy = _("Did you mean “{name}”?", name=near[0]) if near else _("Add it under Playbooks.")
    raise Refused(_("There is no playbook “{name}”.", name=name), field="playbook", remedy=remedy)

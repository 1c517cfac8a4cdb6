"""Themes: a folder with `theme.toml` and pictures.

Some are shipped here, others by wheels (entry point group `trunkline.themes`), others the operator lays into the folder `themes`
of the data folder. A theme holds choices, no styles and no markup, so none can break a page."""

import logging
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline.branding.models import Radius, Typeface

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
GROUP = "trunkline.themes"
DEFAULT = "trunkline"


class Theme(BaseModel):
    """What `theme.toml` says. Pictures are files beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = Field(max_length=80)
    colour: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    radius: Radius = Radius.SOFT
    typeface: Typeface = Typeface.INTER
    logo: str = ""
    favicon: str = ""
    picture: str = ""
    greeting: str = Field(default="", max_length=200)
    mail_footer: str = Field(default="", max_length=1000)
    folder: Path = Path()

    def file(self, name: str) -> Path | None:
        """The picture of this kind, where the theme has one."""
        chosen = str(getattr(self, name))
        path = (self.folder / chosen).resolve()
        inside = bool(chosen) and path.is_relative_to(self.folder.resolve()) and path.is_file()
        return path if inside else None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a theme, or the themes of an entry point, cannot be used."""

    #: The folder in the one that it lies in, or the entry point's name.
    place: str
    reason: str


class Themes:
    """The themes of one installation by name, read once. One that cannot be read is left out; `faults` and the log name it."""

    def __init__(self, app: "App") -> None:
        self.faults: list[Fault] = []
        self.found: Mapping[str, Theme] = dict(self._read_all(app))

    def get(self, name: str) -> Theme:
        """The theme of this name, or the default one where it is gone."""
        return self.found.get(name) or self.found[DEFAULT]

    def _read_all(self, app: "App") -> Iterator[tuple[str, Theme]]:
        for folder in self._folders(app):
            try:
                values = tomllib.loads((folder / "theme.toml").read_text(encoding="utf-8"))
                yield folder.name, Theme(**values, folder=folder)
            except ValidationError as error:
                self._note(_place(folder), _said(error))
            except (OSError, ValueError) as error:
                self._note(_place(folder), f"theme.toml: {error}")

    def _folders(self, app: "App") -> Iterator[Path]:
        from importlib_metadata import entry_points

        here = Path(__file__).parent
        yield from sorted(path.parent for path in here.glob("*/theme.toml"))
        for point in entry_points(group=GROUP):
            try:
                found = sorted(
                    path.parent for place in _places(point.value) for path in place.rglob("theme.toml")
                )
            except (ImportError, OSError, ValueError) as error:
                self._note(point.name, str(error))
                continue
            if not found:
                self._note(point.name, f"{point.value} holds no theme.toml")
            yield from found
        yield from sorted(path.parent for path in (app.config.data / "themes").glob("*/theme.toml"))

    def _note(self, place: str, reason: str) -> None:
        log.warning("the theme in %s cannot be used: %s", place, reason)
        self.faults.append(Fault(place, reason))


def _place(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _said(error: ValidationError) -> str:
    """What is wrong with each entry, without the addresses of the library's manual."""
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())


def _places(package: str) -> list[Path]:
    """The folders of a package. One that holds only themes has no Python, and so no `__init__.py`."""
    spec = find_spec(package)
    if spec is None:
        raise ImportError(f"there is no package {package}")
    return [Path(place) for place in spec.submodule_search_locations or ()]

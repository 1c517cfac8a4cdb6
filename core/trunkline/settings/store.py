"""Where settings come from: default < database < `[plugin.<name>]` in the file <
`TRUNKLINE_PLUGIN__<NAME>__<KEY>`.
"""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy import JSON, Column, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from trunkline import secrets
from trunkline.clock import utc_now
from trunkline.config import CONFIG_FILE, Config
from trunkline.db.base import key_field
from trunkline.db.types import UtcDateTime
from trunkline.errors import ConfigError

S = TypeVar("S", bound=BaseModel)
_CACHE = "trunkline_settings"


class Source(StrEnum):
    """Where a setting's value comes from; the last one wins."""

    DEFAULT = "default"
    PAGE = "page"
    FILE = "file"
    VARIABLE = "variable"

    @property
    def is_locked(self) -> bool:
        """Whether the page cannot change the value."""
        return self in (Source.FILE, Source.VARIABLE)


class Setting(SQLModel, table=True):
    """One value that an operator saved on a settings page. A secret's value is sealed text."""

    __tablename__ = "core_setting"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: int | None = key_field()
    owner: str = Field(max_length=40)
    name: str = Field(max_length=80)
    value: Any = Field(sa_column=Column(JSON, nullable=False))
    is_sealed: bool = False
    version: int = 1
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    updated_by: str = Field(default="", max_length=200)


def read_settings(session: Session, config: Config, owner: str, model: type[S]) -> S:
    """The settings of `owner` from every source, read once per session.

    A saved value that the model no longer accepts falls back to its default. Raises ConfigError naming a
    value of the file or the environment that the model refuses.
    """
    cached: dict[str, BaseModel] = session.info.setdefault(_CACHE, {})
    known = cached.get(owner)
    if isinstance(known, model):
        return known
    found = merged(saved_values(session, owner), config, owner, model)
    cached[owner] = found
    return found


def forget_cached(session: Session, owner: str) -> None:
    """Make the next `read_settings` of this session read again."""
    session.info.get(_CACHE, {}).pop(owner, None)


# Built once, as nearly every unit of work reads settings.
_SAVED = select(col(Setting.name), col(Setting.value), col(Setting.is_sealed)).where(
    col(Setting.owner) == bindparam("owner")
)


def saved_values(session: Session, owner: str) -> dict[str, Any]:
    """What was saved on the page, secrets unsealed."""
    if session.new or session.dirty:
        session.flush()
    rows = session.connection().execute(_SAVED, {"owner": owner})
    return {
        name: secrets.unseal(value, bound_to=bound_to(owner, name)) if sealed else value
        for name, value, sealed in rows
    }


def merged(saved: Mapping[str, Any], config: Config, owner: str, model: type[S]) -> S:
    """`saved` values with those of the file and the environment over them; see `read_settings`."""
    pinned = pinned_values(config, owner, model)
    try:
        return model.model_validate({**_known(saved, model), **pinned})
    except ValidationError as error:
        bad = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
    _refuse_bad_pins(pinned, config, owner, model)
    kept = {name: value for name, value in _known(saved, model).items() if name not in bad}
    try:
        return model.model_validate({**kept, **pinned})
    except ValidationError:
        # The values contradict each other; those that are pinned alone do not.
        return model.model_validate(pinned)


def pinned_values(config: Config, owner: str, model: type[BaseModel]) -> dict[str, Any]:
    """What the file and the environment say. Raises ConfigError for a key that the model does not have."""
    values = {name.lower(): value for name, value in config.plugin.get(owner, {}).items()}
    for name in values:
        if name not in model.model_fields:
            raise ConfigError(
                f"Unknown setting “{name}” of {owner} in {CONFIG_FILE} or the environment.",
                field=f"plugin.{owner}.{name}",
                remedy=_nearest(name, model),
            )
    return {name: _decoded(name, value, model) for name, value in values.items()}


def source_of(config: Config, owner: str, name: str, saved: Mapping[str, Any]) -> Source:
    """Where the value in force of one setting comes from."""
    variable = variable_name(owner, name)
    if any(key.upper() == variable for key in os.environ):
        return Source.VARIABLE
    if name in {key.lower() for key in config.plugin.get(owner, {})}:
        return Source.FILE
    return Source.PAGE if name in saved else Source.DEFAULT


def variable_name(owner: str, name: str) -> str:
    """The environment variable that pins a setting."""
    return f"TRUNKLINE_PLUGIN__{owner}__{name}".upper()


def bound_to(owner: str, name: str) -> str:
    """What a sealed setting is bound to."""
    return f"setting:{owner}:{name}"


def is_secret(model: type[BaseModel], name: str) -> bool:
    """Whether a setting is written but never shown."""
    annotation = model.model_fields[name].annotation
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def check_configuration(
    config: Config, models: Mapping[str, type[BaseModel] | None], known: Iterable[str]
) -> None:
    """Refuse `[plugin.<name>]` tables that cannot be used, before anything starts.

    `models` holds the settings model of every enabled plugin, `known` the names of all that are installed.
    Raises ConfigError naming the plugin, the key or the value, and what comes nearest.
    """
    names = sorted({*models, *known})
    for owner in config.plugin:
        model = models.get(owner)
        if model is not None:
            _refuse_bad_pins(pinned_values(config, owner, model), config, owner, model)
        elif owner in models:
            raise ConfigError(
                f"The plugin “{owner}” has no settings, but [plugin.{owner}] sets some.",
                field=f"plugin.{owner}",
                remedy="Remove that table.",
            )
        elif owner not in names:
            near = get_close_matches(owner, names, 1)
            raise ConfigError(
                f"[plugin.{owner}] is of no installed plugin.",
                field=f"plugin.{owner}",
                remedy=f"Did you mean “{near[0]}”?" if near else f"Known plugins: {', '.join(names)}.",
            )


def _nearest(name: str, model: type[BaseModel]) -> str:
    near = get_close_matches(name, model.model_fields, 1)
    return f"Did you mean “{near[0]}”?" if near else f"Known settings: {', '.join(model.model_fields)}."


def _known(values: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in model.model_fields}


def _decoded(name: str, value: Any, model: type[BaseModel]) -> Any:
    """Lists and tables reach us from the environment as JSON text; plain values as they are."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    annotation = model.model_fields[name].annotation
    if annotation is str:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _refuse_bad_pins(pinned: Mapping[str, Any], config: Config, owner: str, model: type[BaseModel]) -> None:
    try:
        model.model_validate(pinned)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        place = (
            f"the variable {variable_name(owner, name)}"
            if name in pinned and source_of(config, owner, name, {}) is Source.VARIABLE
            else f"[plugin.{owner}] of {CONFIG_FILE}"
        )
        raise ConfigError(
            f"The setting {owner}.{name} cannot be used: {problem['msg']}.",
            field=f"plugin.{owner}.{name}",
            remedy=f"Correct it in {place}.",
        ) from error

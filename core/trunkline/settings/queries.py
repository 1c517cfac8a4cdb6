"""What the settings pages show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlmodel import col

from trunkline.operation import Context
from trunkline.plugin import Plugin
from trunkline.settings import store
from trunkline.settings.operations import model_of, place_of, version_of
from trunkline.settings.store import Setting, Source


@dataclass(frozen=True)
class SettingView:
    """One setting as it is in force. `place` says where a pinned value stands; secrets have no value here."""

    name: str
    label: str
    help: str
    value: Any
    source: Source
    is_secret: bool
    is_set: bool
    place: str = ""


@dataclass(frozen=True)
class SettingsView:
    """The settings of one plugin."""

    owner: str
    label: str
    model: type[BaseModel]
    current: BaseModel
    settings: Sequence[SettingView]
    version: int

    @property
    def locked(self) -> list[SettingView]:
        """Those that the file or the environment pins."""
        return [item for item in self.settings if item.source.is_locked]

    @property
    def secrets(self) -> list[SettingView]:
        """The secrets that are set and can be removed here."""
        return [
            item for item in self.settings if item.is_secret and item.is_set and not item.source.is_locked
        ]

    @property
    def opens_secrets(self) -> bool:
        """Whether a key of another system can be replaced here, set or not: whoever may has to prove who they are first."""
        return any(item.is_secret and not item.source.is_locked for item in self.settings)


def sections(ctx: Context) -> list[Plugin]:
    """The enabled plugins that have settings, core first."""
    return [plugin for plugin in ctx.app.plugins if plugin.settings is not None]


def changed_by_owner(ctx: Context) -> dict[str, int]:
    """How many settings were saved on the pages, by owner."""
    rows = ctx.session.execute(select(col(Setting.owner), func.count()).group_by(col(Setting.owner)))
    return {row[0]: row[1] for row in rows}


def settings_of(ctx: Context, owner: str) -> SettingsView:
    """Every setting of one plugin with its source. Raises NotFound."""
    plugin, model = model_of(ctx, owner)
    saved = store.saved_values(ctx.session, owner)
    current = store.merged(saved, ctx.app.config, owner, model)
    views = []
    for name, info in model.model_fields.items():
        source = store.source_of(ctx.app.config, owner, name, saved)
        hidden = store.is_secret(model, name)
        value = getattr(current, name)
        views.append(
            SettingView(
                name=name,
                label=info.title or name.replace("_", " ").capitalize(),
                help=info.description or "",
                value=None if hidden else value,
                source=source,
                is_secret=hidden,
                is_set=bool(value.get_secret_value()) if hidden and value is not None else value is not None,
                place=place_of(owner, name, source) if source.is_locked else "",
            )
        )
    return SettingsView(owner, str.__str__(plugin.label), model, current, views, version_of(ctx, owner))

"""What changes settings."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy import select
from sqlmodel import col

from trunkline import secrets
from trunkline.activity.recording import MASK
from trunkline.config import CONFIG_FILE
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.i18n import gettext
from trunkline.operation import Context, operation
from trunkline.plugin import Plugin
from trunkline.settings import choices, store
from trunkline.settings.choices import ChecksItself
from trunkline.settings.events import SettingsChanged
from trunkline.settings.store import Setting

_ = gettext


def model_of(ctx: Context, owner: str) -> tuple[Plugin, type[BaseModel]]:
    """The enabled plugin of this name and its settings model. Raises NotFound when it has none."""
    plugin = next((plugin for plugin in ctx.app.plugins if plugin.name == owner), None)
    if plugin is None or plugin.settings is None:
        raise NotFound(_("There are no settings of “{owner}”.", owner=owner))
    return plugin, plugin.settings


def version_of(ctx: Context, owner: str) -> int:
    """What the form carries and `save` compares: it grows with every saved change of this owner's settings."""
    return sum(ctx.session.scalars(select(col(Setting.version)).where(col(Setting.owner) == owner)))


@operation("core.settings.edit")
def save(ctx: Context, owner: str, values: Mapping[str, Any], version: int | None = None) -> BaseModel:
    """Save settings of one plugin; names that `values` leaves out stay as they are, and so does a secret
    given blank.

    Raises NotFound for an unknown owner, Refused naming the field for an unknown name, a value the model
    refuses, and one that the file or the environment pins, Conflict when somebody saved since `version`.
    """
    plugin, model = model_of(ctx, owner)
    rows = _rows(ctx, owner)
    if version is not None and version != version_of(ctx, owner):
        raise Conflict(
            _("Somebody changed these settings after you opened them."),
            field="version",
            remedy=_("Compare both and save again."),
        )
    saved = store.saved_values(ctx.session, owner)
    wanted = {
        name: _plain(value) for name, value in values.items() if not _is_blank_secret(model, name, value)
    }
    _refuse_unknown_and_pinned(ctx, owner, model, wanted, saved)
    valid = _validated(ctx, owner, model, {**saved, **wanted})
    before = store.merged(saved, ctx.app.config, owner, model)
    # Compared as values: 150 is no other amount than 150.00.
    others = {name for name in wanted if getattr(before, name) != getattr(valid, name)}
    choices.refuse_unoffered(ctx, owner, {name: value for name, value in wanted.items() if name in others})
    if isinstance(valid, ChecksItself):
        valid.check_here(ctx, others)
    changes: dict[str, list[Any]] = {}
    for name in wanted:
        if name in others:
            old, new = _json(before, name), _json(valid, name)
            _write(ctx, rows.get(name), owner, name, new, sealed=store.is_secret(model, name))
            hidden = store.is_secret(model, name)
            changes[name] = [MASK, MASK] if hidden else [old, new]
    store.forget_cached(ctx.session, owner)
    if changes:
        ctx.note(None, label=str.__str__(plugin.label), owner=owner, settings=_shown(changes))
        ctx.emit(SettingsChanged(entity_id=0, owner=owner, names=tuple(sorted(changes))))
    return valid


@operation("core.settings.edit")
def forget(ctx: Context, owner: str, name: str) -> None:
    """Go back to the default of one setting, or remove a saved secret. Raises NotFound for an unknown owner
    or name.
    """
    plugin, model = model_of(ctx, owner)
    if name not in model.model_fields:
        raise NotFound(_("{label} has no setting “{name}”.", label=plugin.label, name=name))
    row = _rows(ctx, owner).get(name)
    if row is None:
        return
    if row.is_sealed:
        # The row stays, so that the version others compare with never falls.
        _write(ctx, row, owner, name, "", sealed=True)
    else:
        default = model.model_fields[name].get_default(call_default_factory=True)
        _write(ctx, row, owner, name, _json_value(default), sealed=False)
    store.forget_cached(ctx.session, owner)
    ctx.note(None, label=str.__str__(plugin.label), owner=owner, reset=name)
    ctx.emit(SettingsChanged(entity_id=0, owner=owner, names=(name,)))


def _rows(ctx: Context, owner: str) -> dict[str, Setting]:
    statement = select(Setting).where(col(Setting.owner) == owner).with_for_update()
    return {row.name: row for row in ctx.session.scalars(statement)}


def _is_blank_secret(model: type[BaseModel], name: str, value: Any) -> bool:
    return name in model.model_fields and store.is_secret(model, name) and not _plain(value)


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _refuse_unknown_and_pinned(
    ctx: Context, owner: str, model: type[BaseModel], wanted: Mapping[str, Any], saved: Mapping[str, Any]
) -> None:
    for name in wanted:
        if name not in model.model_fields:
            raise Refused(
                _("There is no setting “{name}”.", name=name),
                field=name,
                remedy=_("Known settings: {names}.", names=", ".join(model.model_fields)),
            )
        source = store.source_of(ctx.app.config, owner, name, saved)
        if source.is_locked:
            raise Refused(
                _("“{name}” is set in the configuration and cannot be changed here.", name=name),
                field=name,
                remedy=_("Change it in {place}.", place=place_of(owner, name, source)),
            )


def place_of(owner: str, name: str, source: store.Source) -> str:
    """Where a pinned value stands, in words."""
    if source is store.Source.VARIABLE:
        return store.variable_name(owner, name)
    return f"[plugin.{owner}] {CONFIG_FILE}"


def _validated(ctx: Context, owner: str, model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    known = {name: value for name, value in values.items() if name in model.model_fields}
    try:
        return model.model_validate({**known, **store.pinned_values(ctx.app.config, owner, model)})
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise Refused(f"{name}: {problem['msg']}.", field=name or None) from error


def _json(settings: BaseModel, name: str) -> Any:
    return _json_value(getattr(settings, name), settings, name)


def _json_value(value: Any, settings: BaseModel | None = None, name: str = "") -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if settings is not None:
        return settings.model_dump(mode="json", include={name})[name]
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _write(ctx: Context, row: Setting | None, owner: str, name: str, value: Any, *, sealed: bool) -> None:
    kept = secrets.seal(str(value or ""), bound_to=store.bound_to(owner, name)) if sealed else value
    if row is None:
        ctx.session.add(
            Setting(owner=owner, name=name, value=kept, is_sealed=sealed, updated_by=ctx.actor.name)
        )
        return
    row.value, row.is_sealed = kept, sealed
    row.version, row.updated_at, row.updated_by = row.version + 1, ctx.now(), ctx.actor.name


def _shown(changes: Mapping[str, list[Any]]) -> dict[str, str]:
    """`name: before → after` for the activity log."""
    return {name: f"{_word(before)} → {_word(after)}" for name, (before, after) in changes.items()}


def _word(value: Any) -> str:
    return "–" if value is None or value == "" else str(value)

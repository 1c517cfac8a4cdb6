"""Configuration: defaults < `trunkline.toml` < `TRUNKLINE_*` variables. Unknown keys are errors."""

import os
import re
import tomllib
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from trunkline.errors import ConfigError

CONFIG_FILE = "trunkline.toml"
_PREFIX = "TRUNKLINE_"
_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]+|[0-9a-fA-F:]+")
BUNDLED_PLUGINS = ("inventory", "catalog", "provisioning", "billing", "portal")


class MailConfig(BaseModel):
    """How mail leaves. Without a host it stays in the spool, which the e-mail log shows."""

    model_config = ConfigDict(extra="forbid")

    sender: str = "Trunkline <no-reply@localhost>"
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = Field(default="", repr=False)
    security: str = Field(default="none", pattern="^(none|starttls|tls)$")
    timeout_seconds: int = 20
    #: A message whose worker died while handing it over: send it once more under its Message-ID, or park it for a person.
    unknown_fate: str = Field(default="resend", pattern="^(resend|park)$")


class Config(BaseSettings):
    """Everything that must be known before the database is opened, and what a file may pin."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid")

    data: Path = Field(
        default=Path("data"), description="Folder for the database, keys, files and the mail spool"
    )
    database: str = Field(default="", description="Database URL; empty means SQLite in the data folder")
    redis: str = Field(default="", description="Redis URL for wake-ups; empty means the database's own")
    plugins: tuple[str, ...] = BUNDLED_PLUGINS
    extensions: Path | None = Field(
        default=None, description="Folder of extension scripts; default: extensions/ in data"
    )
    templates: Path | None = Field(
        default=None, description="Folder of template overrides; default: templates/ in data"
    )
    playbooks: Path | None = Field(
        default=None, description="Folder of the operator's playbooks; default: playbooks/ in data"
    )
    strict_plugins: bool = False
    key_file: Path | None = Field(
        default=None, description="Key file for sealed values; default: secrets.key in data"
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    base_url: str = Field(default="", description="Address that links in mails begin with")
    insecure_http: bool = False
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="Addresses and networks whose X-Forwarded-* headers count"
    )
    hosts: tuple[str, ...] = Field(
        default=(), description="Names that the system answers to, besides that of base_url; none: any"
    )
    outbound_networks: tuple[str, ...] = Field(
        default=(), description="Closed networks that webhooks and other calls to given addresses may reach"
    )
    workers: int = Field(default=1, ge=1, le=64)
    job_threads: int | None = Field(
        default=None, ge=1, le=64, description="Jobs that one worker does at once; default: by the database"
    )

    operator_name: str = "Trunkline"
    time_zone: str = "UTC"
    currency: str = Field(default="BRL", pattern="^[A-Z]{3}$")
    country: str = Field(default="BR", pattern="^[A-Z]{2}$")
    language: str = "en"
    mail: MailConfig = MailConfig()
    #: `[plugin.<name>]` tables; each is checked by the plugin's own settings model.
    plugin: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            near = get_close_matches(value, available_timezones(), 1)
            raise ValueError(
                f"{value} is no IANA time zone" + (f"; did you mean {near[0]}?" if near else "")
            ) from None
        return value

    @field_validator("trusted_proxies", "outbound_networks")
    @classmethod
    def _networks(cls, values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        each = "proxy" if info.field_name == "trusted_proxies" else "host"
        for value in values:
            try:
                ip_network(value)
            except ValueError as error:
                raise ValueError(
                    f"{error}; name each {each} by its address or network, as in 127.0.0.1"
                ) from None
        return values

    @field_validator("hosts")
    @classmethod
    def _host_names(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not _HOST_NAME.fullmatch(value):
                raise ValueError(
                    f"“{value}” is no host name; write it without scheme, port and path, as in bss.example.com"
                )
        return values

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` passes the file as init values; variables must win over it.
        return EnvSettingsSource(settings_cls), init_settings

    @classmethod
    def load(cls, path: Path | None = None, **overrides: Any) -> Self:
        """Read the configuration file (default: `TRUNKLINE_CONFIG`, else `trunkline.toml` here) and the environment.

        `overrides` (from the command line) win over both. Raises ConfigError naming the key, the place and the remedy.
        """
        _refuse_mistyped_variables()
        chosen = path or (Path(text) if (text := os.environ.get("TRUNKLINE_CONFIG")) else None)
        values = _read(chosen or Path(CONFIG_FILE), required=chosen is not None)
        given = {key: value for key, value in overrides.items() if value is not None}
        try:
            config = cls(**values)
            return (
                config.model_copy(update=cls(**{**values, **given}).model_dump(include=set(given)))
                if given
                else config
            )
        except ValidationError as error:
            raise _explained(error, chosen or Path(CONFIG_FILE)) from error

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'trunkline.db'}"

    @property
    def jobs_at_once(self) -> int:
        """How many jobs one worker does at once. While one waits for PostgreSQL or a playbook, others use the processor; on
        SQLite they would wait for each other's writing.
        """
        return self.job_threads or (3 if self.database_url.startswith("postgresql") else 2)

    @property
    def extension_folder(self) -> Path:
        return self.extensions or self.data / "extensions"

    @property
    def template_folder(self) -> Path:
        return self.templates or self.data / "templates"

    @property
    def playbook_folder(self) -> Path:
        return self.playbooks or self.data / "playbooks"

    @property
    def key_path(self) -> Path:
        return self.key_file or self.data / "secrets.key"

    @property
    def public_url(self) -> str:
        """Where people reach the system, without a slash at the end."""
        return self.base_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def prepare_data_folder(self) -> None:
        """Make the data folder. Raises ConfigError when it cannot be written."""
        try:
            self.data.mkdir(parents=True, exist_ok=True, mode=0o750)
            probe = self.data / ".writable"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise ConfigError(
                f"The data folder {self.data} cannot be written: {error.strerror}.",
                field="data",
                remedy="Give this user the right to write there, or name another folder with `data` or --data.",
            ) from error


def _read(path: Path, *, required: bool) -> dict[str, Any]:
    if not path.exists():
        if required:
            raise ConfigError(
                f"There is no configuration file {path}.", remedy="Check --config or TRUNKLINE_CONFIG."
            )
        return {}
    try:
        return tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", remedy="Correct that line.") from error


def _refuse_mistyped_variables() -> None:
    """Raise ConfigError for a variable that is nearly a key. Any other may be somebody else's, such as an extension script's."""
    keys = [name.upper() for name in Config.model_fields]
    for variable in os.environ:
        key = variable.upper().removeprefix(_PREFIX)
        if key == variable.upper() or key in keys or "__" in key:
            continue
        if near := get_close_matches(key, keys, 1, 0.8):
            raise ConfigError(
                f"Unknown environment variable {variable}.",
                field=variable,
                remedy=f"Did you mean {_PREFIX}{near[0]}?",
            )


def _explained(error: ValidationError, path: Path) -> ConfigError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return ConfigError(
            f"{name}: {first['msg']}.", field=name, remedy=f"Correct it in {path} or the environment."
        )
    known = list(Config.model_fields if len(first["loc"]) == 1 else MailConfig.model_fields)
    near = get_close_matches(str(first["loc"][-1]), known, 1)
    within = "".join(f"{part}." for part in first["loc"][:-1])
    remedy = f"Did you mean “{within}{near[0]}”?" if near else f"Known keys: {', '.join(sorted(known))}."
    return ConfigError(
        f"Unknown configuration key “{name}” in {path} or the environment.", field=name, remedy=remedy
    )

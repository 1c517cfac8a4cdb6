"""Which HLR provisioning talks to, and the one that runs beside a worker where there is none elsewhere."""

import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trunkline.config import Config
from trunkline.plugin import ServiceProcess
from trunkline_provisioning.hlr.subscriber import SIMULATED
from trunkline_provisioning.hlr.vty import Vty, VtyError
from trunkline_provisioning.settings import ProvisioningSettings

_CONFIGURATION = """\
log stderr
 logging level set-all notice
line vty
 bind {host} {port}
ctrl
 bind {host}
hlr
 gsup
  bind ip {host}
"""
_LABELS = {"external": "HLR", "osmo": "OsmoHLR", "simulated": SIMULATED}


@dataclass(frozen=True)
class HlrPlace:
    """Where the HLR's VTY is and what kind of HLR it is."""

    kind: Literal["external", "osmo", "simulated"]
    host: str
    port: int

    @property
    def label(self) -> str:
        """What people read; the simulated one is always called so."""
        return _LABELS[self.kind]

    def __str__(self) -> str:
        return f"{self.label} at {self.host}:{self.port}"

    def answers(self, timeout: float = 0.5) -> str:
        """Empty when it answers, else why not."""
        try:
            Vty(self.host, self.port, timeout=timeout).close()
        except VtyError as error:
            return str(error)
        return ""


def osmo_program() -> str | None:
    """Path of osmo-hlr, also where a service's PATH leaves out its folder."""
    return shutil.which("osmo-hlr") or shutil.which("osmo-hlr", path="/usr/bin:/usr/sbin:/usr/local/bin")


def place_of(config: Config, settings: ProvisioningSettings) -> HlrPlace:
    """The HLR that the settings mean on this machine."""
    if settings.hlr == "external":
        return HlrPlace("external", settings.hlr_host or "127.0.0.1", settings.hlr_port)
    found: Literal["osmo", "simulated"] = "osmo" if osmo_program() else "simulated"
    kind = found if settings.hlr == "auto" else settings.hlr
    return HlrPlace(kind, settings.hlr_host or own_address(config.data), settings.hlr_port)


def own_address(data: Path) -> str:
    """A loopback address for this data folder alone: osmo-hlr's GSUP port cannot be chosen, so two would collide on one."""
    digest = hashlib.sha256(str(data.resolve()).encode()).digest()
    return f"127.{1 + digest[0] % 254}.{digest[1]}.{1 + digest[2] % 254}"


def service_of(config: Config, place: HlrPlace) -> ServiceProcess | None:
    """The program to run beside the worker; None for an HLR that runs elsewhere or is not installed."""
    if place.kind == "external":
        return None
    folder = config.data.resolve() / "hlr"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.kind == "simulated":
        program = [sys.executable, "-m", "trunkline_provisioning.hlr.simulated"]
        argv = [
            *program,
            "--host",
            place.host,
            "--port",
            str(place.port),
            "--database",
            str(folder / "simulated.db"),
        ]
    else:
        osmo = osmo_program()
        if osmo is None:
            return None
        configuration = folder / "osmo-hlr.cfg"
        configuration.write_text(_CONFIGURATION.format(host=place.host, port=place.port))
        argv = [osmo, "-c", str(configuration), "-l", str(folder / "hlr.db")]
    return ServiceProcess(
        "provisioning.hlr", argv, ready=lambda: not place.answers(), folder=folder, log_file=folder / "log"
    )

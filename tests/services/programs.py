"""The programs of the machine that some tests need: where they are, what brings them, and why."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Program:
    """A program that tests run but that no wheel brings."""

    name: str
    #: What brings it on Debian; several are divided by blanks.
    package: str
    purpose: str
    #: Folders besides PATH where the distribution keeps it.
    folders: tuple[str, ...] = ()
    #: What else the package must have brought.
    with_path: str = ""

    def path(self) -> str | None:
        """Return where the program is, the newest version first, or None."""
        if self.with_path and not Path(self.with_path).exists():
            return None
        found = shutil.which(self.name)
        if found is None:
            places = [place for pattern in self.folders for place in Path("/").glob(pattern.lstrip("/"))]
            for place in sorted(places, reverse=True):
                found = found or shutil.which(self.name, path=str(place))
        return found

    @property
    def remedy(self) -> str:
        """Say how to get the program."""
        return f"Debian and Ubuntu: apt install {self.package}"


PROGRAMS: dict[str, Program] = {
    program.name: program
    for program in (
        Program("chromium", "chromium", "browser tests"),
        Program("clamd", "clamav-daemon", "looking through uploads", folders=("/usr/sbin",)),
        Program("git", "git", "tests of a fresh clone"),
        Program("initdb", "postgresql", "tests on PostgreSQL", folders=("/usr/lib/postgresql/*/bin",)),
        Program("ip", "iproute2", "workers on hosts of their own", folders=("/usr/sbin",)),
        Program("osmo-hlr", "osmo-hlr", "provisioning in a real HLR"),
        Program(
            "freeradius",
            "freeradius freeradius-postgresql",
            "subscribers of a real RADIUS server",
            folders=("/usr/sbin",),
        ),
        Program("radclient", "freeradius-utils", "subscribers of a real RADIUS server"),
        Program(
            "netconfd",
            "netconfd",
            "interfaces of a real NETCONF server",
            folders=("/usr/sbin", "/usr/local/sbin"),
        ),
        Program(
            "redis-server",
            "redis-server python3-redis",
            "wake-ups by a real Redis",
            with_path="/usr/lib/python3/dist-packages/redis",
        ),
        Program("snmpd", "snmpd", "objects of a real SNMP agent", folders=("/usr/sbin",)),
        Program("sshd", "openssh-server", "routers over SSH", folders=("/usr/sbin",)),
        Program("ssh-keygen", "openssh-client", "routers over SSH"),
        # `./run` brings one into the environment where the machine has none.
        Program(
            "node",
            "nodejs npm",
            "signing in at a real identity provider",
            folders=(str(Path(sys.executable).parent),),
        ),
        Program("pdftotext", "poppler-utils", "reading invoices back from their PDF"),
        Program("slapd", "slapd", "signing in by a real directory", folders=("/usr/sbin", "/usr/local/sbin")),
    )
}


def missing() -> list[Program]:
    """Return the programs that this machine lacks."""
    return [program for program in PROGRAMS.values() if program.path() is None]


def install_from_debian(programs: Sequence[Program]) -> str | None:
    """Install the packages of `programs` if this user may; return why not, or None when it was done.

    `TRUNKLINE_NO_APT=1` keeps the machine as it is.
    """
    if os.environ.get("TRUNKLINE_NO_APT"):
        return "TRUNKLINE_NO_APT is set"
    if shutil.which("apt-get") is None:
        return "there is no apt-get"
    become: list[str] = []
    if os.geteuid() != 0:
        become = ["sudo", "-n"]
        if shutil.which("sudo") is None or subprocess.run([*become, "true"], capture_output=True).returncode:
            return "neither root nor a sudo without password"
    packages = sorted({package for program in programs for package in program.package.split()})
    apt = [*become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Acquire::Retries=3"]
    for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            return f"`{' '.join(command)}` failed: {done.stderr.strip()}"
    return None

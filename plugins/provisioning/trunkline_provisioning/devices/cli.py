"""Command lines over SSH and Telnet (netmiko): ask what is there, send the commands that are needed, ask again."""

import base64
import binascii
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from trunkline_provisioning.devices.outcome import DeviceError, Outcome, without

#: What command lines say when they refuse; a pattern for the beginning of any line of an answer.
REFUSALS = (
    r"(?im)^\s*(%\s*(invalid|incomplete|ambiguous|unknown|unrecognized|error|bad|cannot|could not|failed|no such|not )"
    r"|error\b|unknown command|invalid (command|input|parameter)|command not found|syntax error|failure\b)"
)


@dataclass(frozen=True)
class Login:
    """Where the command line is and how to get in. `timeout` is seconds for connecting and for each answer."""

    host: str
    transport: Literal["ssh", "telnet"] = "ssh"
    port: int = 0
    #: Netmiko's name of the kind of element; empty for one that netmiko does not know.
    device_type: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    enable_password: str = field(default="", repr=False)
    #: The element's public key as in known_hosts without its first column: `ssh-ed25519 AAAA…`.
    host_key: str = ""
    any_host_key: bool = False
    timeout: float = 10.0

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port or (23 if self.transport == 'telnet' else 22)}"


@dataclass(frozen=True)
class Wish:
    """What the command line shall say, and what makes it so. Patterns are regular expressions; all must be met."""

    #: Shows the present state; without it the commands are sent each time.
    check: str = ""
    expect: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    commands: tuple[str, ...] = field(default=(), repr=False)
    #: Enter and leave the configuration mode around the commands.
    configure: bool = False
    #: Makes the change survive a restart; sent only after a change.
    save: str = ""
    refusals: str = REFUSALS

    def unmet(self, answer: str) -> list[str]:
        """What of the wish the answer does not show, in words."""
        missing = [f"no “{pattern}”" for pattern in self.expect if not _search(pattern, answer)]
        return missing + [f"still “{pattern}”" for pattern in self.forbid if _search(pattern, answer)]


def reach(login: Login, wish: Wish, *, secrets: Sequence[str] = (), dry_run: bool = False) -> Outcome:
    """Make the command line show what is wished. Raises DeviceError with words that hold none of `secrets`."""
    hidden = [*secrets, login.password, login.private_key, login.enable_password]
    _refuse_odd(wish)
    with _connected(login) as line:
        speaker = _Speaker(line, login, wish.refusals, hidden)
        found = speaker.ask(wish.check) if wish.check else ""
        if wish.check and not wish.unmet(found):
            return Outcome(False, f"{login.place}: already as wanted", found, found, {"output": found})
        missing = ", ".join(wish.unmet(found)) if wish.check else "always sent"
        if dry_run:
            return Outcome(
                True, f"{login.place}: would send {len(wish.commands)} commands ({missing})", found
            )
        said = speaker.send(wish.commands, configure=wish.configure)
        after = said
        if wish.check:
            after = speaker.ask(wish.check)
            if left := wish.unmet(after):
                raise DeviceError(
                    f"{login.place} took the commands, but “{wish.check}” shows {', '.join(left)}."
                )
        if wish.save:
            speaker.send((wish.save,), configure=False)
    words = f"{len(wish.commands)} commands sent ({missing})"
    return Outcome(True, f"{login.place}: {words}", found or None, after, {"output": after})


class _Speaker:
    """One session; answers come back without secrets."""

    def __init__(self, line: Any, login: Login, refusals: str, hidden: Sequence[str]) -> None:
        self._line = line
        self._login = login
        self._refusals = refusals
        self._hidden = hidden

    def ask(self, command: str) -> str:
        return self._one(command)

    def send(self, commands: Sequence[str], *, configure: bool) -> str:
        if configure:
            with _in_words(self._login, self._hidden):
                self._line.config_mode()
        try:
            return "\n".join(filter(None, (self._one(command) for command in commands)))
        finally:
            if configure:
                # A refusal matters more than whether the mode could be left; the session ends anyway.
                with suppress(Exception):
                    self._line.exit_config_mode()

    def _one(self, command: str) -> str:
        with _in_words(self._login, self._hidden):
            # The prompt changes with the mode, so it is what the line ends with, not what it was.
            answer = str(
                self._line.send_command(
                    command,
                    expect_string=r"[>#$%\]]\s*$",
                    read_timeout=self._login.timeout,
                    strip_command=True,
                    strip_prompt=True,
                )
            )
        answer = without(answer, self._hidden)
        refusal = re.search(self._refusals, answer) if self._refusals else None
        if refusal:
            sentence = answer[refusal.start() :].strip().splitlines()[0]
            raise DeviceError(f"{self._login.place} refused “{without(command, self._hidden)}”: {sentence}")
        return answer


@contextmanager
def _connected(login: Login) -> Iterator[Any]:
    from netmiko import ConnectHandler

    settings: dict[str, Any] = {
        "device_type": _device_type(login),
        "host": login.host,
        "username": login.username,
        "password": login.password,
        "secret": login.enable_password,
        "conn_timeout": login.timeout,
        "auth_timeout": login.timeout,
        "banner_timeout": login.timeout,
        "read_timeout_override": login.timeout,
        "fast_cli": True,
        # Netmiko sleeps between the questions of a Telnet sign-in; it still asks up to twenty times.
        "global_delay_factor": 0.2,
        "_legacy_mode": login.transport == "telnet",
    }
    if login.port:
        settings["port"] = login.port
    with _key_files(login, settings), _in_words(login, (login.password, login.enable_password)):
        line = ConnectHandler(**settings)
    try:
        if hasattr(line, "std_login") and login.username:
            # Netmiko leaves the questions of elements it does not know to its caller.
            with _in_words(login, (login.password, login.enable_password)):
                line.std_login()
        if login.enable_password:
            with _in_words(login, (login.password, login.enable_password)):
                line.enable()
        yield line
    finally:
        with suppress(Exception):
            line.disconnect()


def _device_type(login: Login) -> str:
    from netmiko.ssh_dispatcher import CLASS_MAPPER

    telnet = login.transport == "telnet"
    name = login.device_type or "generic"
    if telnet and not name.endswith("_telnet"):
        name = f"{name}_telnet"
    if name not in CLASS_MAPPER:
        way = "Telnet" if telnet else "SSH"
        raise DeviceError(f"device_type “{login.device_type}” is unknown to netmiko over {way}.")
    return name


@contextmanager
def _key_files(login: Login, settings: dict[str, Any]) -> Iterator[None]:
    """Add to the settings what SSH trusts and signs with; netmiko takes both as files, which are gone again after connecting."""
    if login.transport == "telnet":
        yield
        return
    if not login.host_key and not login.any_host_key:
        raise DeviceError(
            f"The key of {login.place} is not named: give host_key, or any_host_key: true to trust whoever answers."
        )
    with tempfile.TemporaryDirectory(prefix="cli-") as folder:
        if login.host_key:
            known = os.path.join(folder, "known_hosts")
            place = login.host if login.port in (0, 22) else f"[{login.host}]:{login.port}"
            _write(known, f"{place} {checked_key(login.host_key)}\n")
            settings.update(ssh_strict=True, alt_host_keys=True, alt_key_file=known)
        if login.private_key:
            identity = os.path.join(folder, "identity")
            _write(identity, login.private_key.strip() + "\n")
            settings.update(use_keys=True, key_file=identity, allow_agent=False)
        yield


def checked_key(text: str) -> str:
    """A public key's kind and data, without a comment. Raises DeviceError when it is none."""
    kind, _blank, data = text.strip().partition(" ")
    data = data.split()[0] if data else ""
    with suppress(binascii.Error, ValueError):
        if kind and base64.b64decode(data, validate=True):
            return f"{kind} {data}"
    raise DeviceError("host_key must be like “ssh-ed25519 AAAA…”.")


def _write(path: str, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


@contextmanager
def _in_words(login: Login, hidden: Sequence[str]) -> Iterator[None]:
    from netmiko.exceptions import (
        NetmikoAuthenticationException,
        NetmikoBaseException,
        NetmikoTimeoutException,
        ReadException,
    )
    from paramiko.ssh_exception import BadHostKeyException, SSHException

    place = login.place
    try:
        yield
    except DeviceError:
        raise
    except NetmikoAuthenticationException:
        raise DeviceError(
            f"{place} refused the user name or password of {login.username or 'nobody'}."
        ) from None
    except (ReadException, EOFError):
        raise DeviceError(f"{place} gave no prompt within {login.timeout:g} s, or hung up.") from None
    except BadHostKeyException:
        raise DeviceError(f"{place} has another host key than the playbook names.") from None
    except NetmikoTimeoutException as error:
        words = str(error)
        if "known_hosts" in words or "host key" in words.lower():
            raise DeviceError(f"{place} has another host key than the playbook names.") from None
        raise DeviceError(f"{place} does not answer: no connection within {login.timeout:g} s.") from None
    except (NetmikoBaseException, SSHException, OSError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DeviceError(f"{place} does not answer: {without(first, hidden)}") from None


def _refuse_odd(wish: Wish) -> None:
    for command in (wish.check, *wish.commands, wish.save):
        if any(ord(character) < 32 or ord(character) == 127 for character in command):
            # A line break inside a value would be a second command.
            raise DeviceError("A command must be one line of plain characters.")


def _search(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text, re.MULTILINE) is not None
    except re.error as error:
        raise DeviceError(f"“{pattern}” is no regular expression: {error}") from None

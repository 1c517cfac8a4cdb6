"""A simulated optical line terminal: ONTs by TL1 (GR-831) and by a Telnet command line, over one state; a set-top box reboots."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "trunkline", "olt-Secret.1"


@dataclass
class OpticalLine:
    """The terminal as its operator would find it. `onts` holds values by access identifier."""

    tl1_port: int = 0
    telnet_port: int = 0
    host: str = "127.0.0.1"
    onts: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Serial numbers of set-top boxes, once for each reboot.
    reboots: list[str] = field(default_factory=list)
    #: Every TL1 command that changed something.
    changes: list[str] = field(default_factory=list)
    #: Edits are confirmed and forgotten.
    forgetful: bool = False
    silent: bool = False

    def tl1(self, command: str) -> tuple[str, list[str]]:
        """Completion code and lines for one command without its end mark."""
        verb, _tid, aid, _ctag, *rest = [*_blocks(command), "", "", ""]
        values = dict(re.findall(r'([A-Z0-9]+)=("[^"]*"|[^,]*)', rest[1] if len(rest) > 1 else ""))
        values = {name: value.strip('"') for name, value in values.items()}
        if verb == "ACT-USER":
            given = rest[1].strip('"')
            return ("COMPLD", []) if (aid, given) == (USER, PASSWORD) else ("DENY", ["PIUI"])
        if verb == "RTRV-ONT":
            held = self.onts.get(aid)
            if held is None:
                return "DENY", ["IIAC", '"Input, Invalid Access Identifier"']
            told = {name: value for name, value in held.items() if name != "WPAKEY"}
            named = ",".join(
                f'{name}=\\"{value}\\"' if re.search(r"[^\w.-]", value) else f"{name}={value}"
                for name, value in told.items()
            )
            return "COMPLD", [f'"{aid}::{named}:IS-NR"']
        if verb == "ENT-ONT":
            if aid in self.onts:
                return "DENY", ["SAOP", '"Status, Already Operated"']
            self.onts[aid] = values
        elif verb == "ED-ONT":
            if aid not in self.onts:
                return "DENY", ["IIAC"]
            if any(len(value) < 8 for name, value in values.items() if name == "WPAKEY"):
                return "DENY", ["IDNV", f'"Input, Data Not Valid: {values["WPAKEY"]}"']
            if not self.forgetful:
                self.onts[aid].update(values)
        elif verb == "DLT-ONT":
            self.onts.pop(aid, None)
        else:
            return "DENY", ["ICNV", '"Input, Command Not Valid"']
        self.changes.append(f"{verb} {aid}")
        return "COMPLD", []

    def line(self, command: str) -> list[str]:
        """The Telnet command line's answer."""
        words = command.split(maxsplit=4)
        match words:
            case ["show", "ont", aid]:
                held = self.onts.get(aid)
                return (
                    [f"{name.lower()} {value}" for name, value in held.items() if name != "WPAKEY"]
                    if held
                    else []
                )
            case ["set", "ont", aid, name, value] if aid in self.onts:
                self.onts[aid][name.upper()] = value
                return []
            case ["reboot", "stb", serial]:
                if not self.forgetful:
                    self.reboots.append(serial)
                return [f"{serial} reboots."]
            case ["show", "stb", serial]:
                uptime = 4 if serial in self.reboots else 86_400
                return [f"serial {serial}", "state up", f"uptime {uptime}"]
        return [f"% Invalid input: {command}"]


def _blocks(command: str) -> list[str]:
    return list(re.findall(r'((?:[^:"]|"[^"]*")*)(?::|$)', command))


@contextmanager
def optical_line() -> Iterator[OpticalLine]:
    """Run the terminal on two free ports of the loopback interface."""
    olt = OpticalLine()

    class Tl1(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            received = ""
            while block := self.request.recv(4096).decode():
                received += block
                while ";" in received:
                    command, _, received = received.partition(";")
                    if olt.silent:
                        continue
                    blocks = _blocks(command.strip())
                    ctag = blocks[3] if len(blocks) > 3 else "0"
                    code, lines = olt.tl1(command.strip())
                    head = "\r\n\n   OLT-1 26-11-22 04:00:00\r\n"
                    # As real elements do: an acknowledgement, and an alarm of something else, come first.
                    self.request.sendall(f"\r\nIP {ctag}\r\n<".encode())
                    self.request.sendall(f'{head}*  17 REPT ALM ONT\r\n   "ONT-9-9:MN,LOS,NSA"\r\n;'.encode())
                    body = "".join(f"   {line}\r\n" for line in lines)
                    self.request.sendall(f"{head}M  {ctag} {code}\r\n{body};".encode())

    class Telnet(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines = self._lines()
            user = ""
            while not user:
                self.wfile.write(b"\r\nUsername: ")
                user = next(lines, "nobody")
            self.wfile.write(b"Password: ")
            password = next(lines, "")
            if (user, password) != (USER, PASSWORD):
                self.wfile.write(b"\r\nLogin invalid\r\n")
                return
            self.wfile.write(b"\r\nOLT-1# ")
            for command in lines:
                answer = olt.line(command) if command else []
                self.wfile.write(
                    "".join([f"{command}\r\n", *(f"{one}\r\n" for one in answer), "OLT-1# "]).encode()
                )

        def _lines(self) -> Iterator[str]:
            """Lines end as Telnet clients like it: by CR, CR LF or CR NUL."""
            received = ""
            while block := self.request.recv(4096).decode():
                received = (received + block).replace("\r\n", "\r").replace("\r\0", "\r")
                while "\r" in received:
                    line, _, received = received.partition("\r")
                    yield line.strip()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is no error of this server."""

    with Server((olt.host, 0), Tl1) as first, Server((olt.host, 0), Telnet) as second:
        olt.tl1_port, olt.telnet_port = first.server_address[1], second.server_address[1]
        for server in (first, second):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield olt
        finally:
            first.shutdown()
            second.shutdown()

"""A real HLR (Debian's osmo-hlr) takes what provisioning does, and the simulated one answers alike."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.services.osmo_hlr import OsmoHlr, osmo_hlr
from trunkline import processes
from trunkline.app import App
from trunkline.config import Config
from trunkline.settings import operations as settings
from trunkline.settings.connections import attempt
from trunkline_provisioning.fork_server import Place
from trunkline_provisioning.hlr.filling import fill
from trunkline_provisioning.hlr.peer import HlrPlace, own_address, service_of
from trunkline_provisioning.hlr.simulated import serving
from trunkline_provisioning.hlr.subscriber import Hlr, Subscriber
from trunkline_provisioning.hlr.vty import Vty
from trunkline_provisioning.runner import COLLECTIONS, PlaybookRun, run_playbook

pytestmark = pytest.mark.peer("osmo-hlr")

IMSI, MSISDN = "724990000000001", "5551991234501"
KI, OPC = "0F1E2D3C4B5A69788796A5B4C3D2E1F0", "F0E1D2C3B4A5968778695A4B3C2D1E0F"
WHO = f"subscriber imsi {IMSI}"
DIALOGUE = (
    "enable",
    f"{WHO} show",
    f"{WHO} delete",
    "subscriber imsi 12 create",
    f"{WHO} create",
    f"{WHO} create",
    f"{WHO} update msisdn {MSISDN}",
    f"{WHO} update msisdn abc",
    f"{WHO} update aud3g milenage k 0011 opc 22",
    f"{WHO} update aud3g milenage k {KI} opc {OPC}",
    f"{WHO} show",
    f"{WHO} update network-access-mode none",
    f"{WHO} show",
    f"{WHO} update network-access-mode cs+ps",
    "subscriber imsi 724990000000002 create",
    f"subscriber imsi 724990000000002 update msisdn {MSISDN}",
    f"subscriber msisdn {MSISDN} show",
    f"{WHO} update aud3g none",
    f"{WHO} update msisdn none",
    f"{WHO} show",
    f"{WHO} delete",
    "no such command",
)


@pytest.fixture(scope="module")
def real() -> Iterator[OsmoHlr]:
    with osmo_hlr() as hlr:
        yield hlr


def converse(host: str, port: int) -> list[tuple[str, list[str]]]:
    with Vty(host, port) as vty:
        return [
            (command, [re.sub(r"ID: \d+", "ID: n", line) for line in vty.command(command)])
            for command in DIALOGUE
        ]


def test_the_simulated_hlr_answers_as_the_real_one(real: OsmoHlr, tmp_path: Path) -> None:
    with serving(tmp_path / "simulated.db") as address:
        simulated = converse(*address)
    assert simulated == converse(real.host, real.vty_port)


@pytest.fixture
def play(real: OsmoHlr, warm_server: Place) -> Callable[[str], int]:
    """Runs a file of the shipped playbook against the real HLR; returns how many tasks changed something."""

    def run(word: str) -> int:
        variables = {
            "hlr": {"host": real.host, "port": real.vty_port},
            "service": {"suspensions": [], "switches": []},
            "picks": {"sim": {"imsi": IMSI}, "number": {"number": f"+{MSISDN}"}},
        }
        path = COLLECTIONS / "playbooks" / "mobile_line" / f"{word}.yml"
        order = PlaybookRun(path, variables, {"sim": {"ki": KI, "opc": OPC}})
        result = run_playbook(order, log=lambda line: None, server=warm_server)
        assert result.succeeded, result.problem
        return result.changed

    return run


def test_a_mobile_line_is_made_barred_freed_and_removed(real: OsmoHlr, play: Callable[[str], int]) -> None:
    def held() -> Subscriber | None:
        with Vty(real.host, real.vty_port) as vty:
            return Hlr(vty).find(IMSI)

    assert play("do") == 2
    assert held() == Subscriber(IMSI, MSISDN, KI.lower(), OPC.lower(), "enabled")
    assert play("do") == 0
    play("suspend")
    found = held()
    assert found is not None
    assert found.access == "suspended"
    play("resume")
    assert held() == Subscriber(IMSI, MSISDN, KI.lower(), OPC.lower(), "enabled")
    assert play("terminate") == 1
    assert held() is None
    assert play("undo") == 0


@pytest.mark.parametrize("kind", ["osmo", "simulated"])
def test_an_hlr_that_was_filled_before_its_start_holds_it_and_is_filled_once(
    kind: Literal["osmo", "simulated"], tmp_path: Path
) -> None:
    config = Config(data=tmp_path, plugins=())
    place = HlrPlace(kind, own_address(tmp_path), 4258)
    wanted = [Subscriber(IMSI, MSISDN), Subscriber("724990000000002", "5551991234502", access="suspended")]
    assert fill(config, place, wanted)
    assert not fill(config, place, [])
    service = service_of(config, place)
    assert service is not None
    process = processes.start(service.argv, cwd=service.folder)
    try:
        until = time.monotonic() + 60
        while place.answers() and time.monotonic() < until:
            time.sleep(0.05)
        with Vty(place.host, place.port) as vty:
            assert list(Hlr(vty).everybody()) == wanted
    finally:
        processes.stop(process)


@pytest.mark.plugins("inventory", "catalog", "provisioning")
def test_the_button_of_the_settings_says_whether_the_hlr_answers(app: App, real: OsmoHlr) -> None:
    def tried(port: int) -> tuple[bool, str, str]:
        with app.unit_of_work() as ctx:
            values = {"hlr": "external", "hlr_host": real.host, "hlr_port": port}
            settings.save(ctx, "provisioning", values)
        with app.reading() as ctx:
            result = attempt(ctx, "provisioning", "hlr")
        return result.works, result.message, result.remedy

    works, answer, _remedy = tried(real.vty_port)
    assert works, answer
    assert answer.endswith(" answers.")
    works, answer, remedy = tried(9)
    assert not works
    assert real.host in answer
    assert remedy == "Start it, or correct its address in the settings of provisioning."

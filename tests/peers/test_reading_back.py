"""Real elements are read back as the audit needs it: OsmoHLR by its list, FreeRADIUS from its tables."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.freeradius import FreeRadius, freeradius
from tests.services.osmo_hlr import osmo_hlr
from trunkline_provisioning.devices.radius import Database, keep, wanted_user
from trunkline_provisioning.hlr.simulated import serving
from trunkline_provisioning.hlr.subscriber import Access, Hlr, checked
from trunkline_provisioning.hlr.vty import Vty
from trunkline_provisioning.network_audit import hlr, radius
from trunkline_provisioning.network_audit.readers import Holding, ReadError

KI, OPC = "0F1E2D3C4B5A69788796A5B4C3D2E1F0", "F0E1D2C3B4A5968778695A4B3C2D1E0F"
ACCESS: tuple[Access, ...] = ("enabled", "suspended", "voice_barred", "data_barred")


def listed(host: str, port: int) -> list[Holding]:
    """What the HLR lists after one subscriber of each kind of access and one without a number were put in."""
    with Vty(host, port) as vty:
        for position, access in enumerate(ACCESS):
            Hlr(vty).put(checked(f"72499000000000{position}", f"555199123450{position}", KI, OPC, access))
        Hlr(vty).put(checked("724990000000009"))
    options = {"host": host, "port": port}
    assert hlr.READER.everything is not None
    found = list(hlr.READER.everything(options))
    assert [hlr.READER.one(options, one) for one in found] == found
    return found


@pytest.mark.peer("osmo-hlr")
def test_an_hlr_lists_number_and_access_of_each_subscriber_and_the_simulated_one_alike(
    tmp_path: Path,
) -> None:
    with osmo_hlr() as real:
        found = listed(real.host, real.vty_port)
    with serving(tmp_path / "hlr.db") as address:
        assert listed(*address) == found
    assert found == [
        *(
            Holding(f"72499000000000{n}", {"msisdn": f"555199123450{n}", "access": access})
            for n, access in enumerate(ACCESS)
        ),
        Holding("724990000000009", {"msisdn": "", "access": "enabled"}),
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[FreeRadius]:
    with freeradius(os.environ["TRUNKLINE_TEST_POSTGRES"]) as running:
        yield running


@pytest.mark.peer("freeradius")
@pytest.mark.postgres
def test_radius_users_are_read_without_their_passwords_and_taken_out(server: FreeRadius) -> None:
    database = Database(server.host, server.database, server.database_port, server.login, server.password)
    options = {
        "host": server.host,
        "port": str(server.database_port),
        "database": server.database,
        "login": server.login,
        "login_password": server.password,
    }
    reply, groups = {"Framed-IP-Address": "100.64.0.7"}, ["fibre_600"]
    wanted = {**options, "reply": reply, "groups": groups}
    for name in ("ana", "bento"):
        user = wanted_user(f"{name}-Secret.1", {"Auth-Type": "Reject"}, reply, groups)
        keep(database, name, user)
    assert radius.READER.everything is not None
    assert radius.READER.remove is not None
    held = list(radius.READER.everything(options))
    fields = {"check Auth-Type": "Reject", "groups": "fibre_600", "reply Framed-IP-Address": "100.64.0.7"}
    assert held == [Holding("ana", fields), Holding("bento", fields)]
    should = radius.READER.wanted({**wanted, "username": "ana"})
    assert should is not None
    found = radius.READER.one(options, should)
    assert found is not None
    # A check item that nobody wants refuses the sign-in, so it is a difference.
    assert radius.READER.differing(should, found) == {"check Auth-Type": ("", "Reject")}
    radius.READER.remove(options, "bento")
    assert [one.key for one in radius.READER.everything(options)] == ["ana"]
    with pytest.raises(ReadError) as refused:
        list(radius.READER.everything({**options, "login_password": "wrong-Secret.2"}))
    assert "wrong-Secret.2" not in str(refused.value)

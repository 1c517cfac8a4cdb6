"""The HLR's command line: read, compare, change only what differs. The same steps run against osmo-hlr in tests/peers."""

from pathlib import Path

import pytest

from trunkline.config import Config
from trunkline_provisioning.hlr.peer import own_address, place_of, service_of
from trunkline_provisioning.hlr.subscriber import Hlr, checked
from trunkline_provisioning.hlr.vty import Vty, VtyError
from trunkline_provisioning.settings import ProvisioningSettings

IMSI, KI, OPC = "001010123456063", "0" * 31 + "A", "F" * 32


def test_a_subscriber_is_changed_only_where_it_differs(hlr: tuple[str, int]) -> None:
    with Vty(*hlr) as vty:
        register = Hlr(vty)
        wanted = checked(IMSI, "+5551999990001", KI, OPC)
        assert register.name == "Simulated HLR"
        first = register.put(wanted)
        assert first.changes == ("created", "MSISDN none → 5551999990001", "MILENAGE keys set")
        assert not register.put(wanted).changed
        assert register.find(IMSI) == wanted
        assert register.put(checked(IMSI, access="suspended")).changes == ("suspended",)
        held = register.find(IMSI)
        assert held is not None
        assert (held.access, held.msisdn, held.ki) == ("suspended", "5551999990001", KI.lower())
        assert register.remove(IMSI).changed
        assert not register.remove(IMSI).changed
        assert register.find(IMSI) is None


def test_a_dry_run_says_what_it_would_change_and_changes_nothing(hlr: tuple[str, int]) -> None:
    with Vty(*hlr) as vty:
        register = Hlr(vty)
        assert register.put(checked(IMSI, "5551999990001"), dry_run=True).changed
        assert register.find(IMSI) is None


def test_a_number_somebody_else_has_is_refused(hlr: tuple[str, int]) -> None:
    with Vty(*hlr) as vty:
        register = Hlr(vty)
        register.put(checked(IMSI, "5551999990001"))
        with pytest.raises(VtyError, match="cannot update MSISDN"):
            register.put(checked("001010123456064", "5551999990001"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"imsi": "12"}, "IMSI '12' must be 6 to 15 digits"),
        ({"imsi": f"{IMSI} delete\nsubscriber"}, "IMSI"),
        ({"imsi": IMSI, "msisdn": "abc"}, "MSISDN 'abc'"),
        ({"imsi": IMSI, "ki": "12", "opc": OPC}, "Ki must be 32 hexadecimal digits; this one has 2"),
        ({"imsi": IMSI, "ki": KI}, "both Ki and OPc"),
    ],
)
def test_bad_values_are_named_before_anything_is_sent(values: dict[str, str], words: str) -> None:
    with pytest.raises(VtyError, match=words) as caught:
        checked(**values)  # type: ignore[arg-type]  # fields by name
    assert OPC not in str(caught.value)


@pytest.mark.parametrize("command", ["enable\nshow subscribers all", "subscriber imsi 1 ?", "a\tb"])
def test_a_command_cannot_smuggle_in_another_one(hlr: tuple[str, int], command: str) -> None:
    with Vty(*hlr) as vty, pytest.raises(VtyError, match="one line"):
        vty.command(command)


def test_silence_is_named_with_the_address() -> None:
    with pytest.raises(VtyError, match=r"127\.0\.0\.1:9 does not answer: Connection refused"):
        Vty("127.0.0.1", 9)


def test_each_data_folder_has_an_hlr_address_of_its_own(tmp_path: Path) -> None:
    one, two = own_address(tmp_path / "one"), own_address(tmp_path / "two")
    assert one != two
    assert one == own_address(tmp_path / "one")
    assert one.startswith("127.")


def test_the_settings_decide_which_hlr_runs_beside_the_worker(tmp_path: Path) -> None:
    config = Config(data=tmp_path)
    simulated = place_of(config, ProvisioningSettings(hlr="simulated"))
    assert simulated.label == "Simulated HLR"
    service = service_of(config, simulated)
    assert service is not None
    assert "trunkline_provisioning.hlr.simulated" in service.argv
    external = place_of(config, ProvisioningSettings(hlr="external", hlr_host="192.0.2.7"))
    assert str(external) == "HLR at 192.0.2.7:4258"
    assert service_of(config, external) is None

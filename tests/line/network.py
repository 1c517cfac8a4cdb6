"""What the network knows: the HLR that runs beside the worker, asked over its own command line."""

from pathlib import Path

from trunkline_provisioning.hlr.peer import own_address
from trunkline_provisioning.hlr.subscriber import Hlr, Subscriber
from trunkline_provisioning.hlr.vty import Vty, VtyError

_PORT = 4258


def subscriber(data: Path, imsi: str) -> Subscriber | None:
    """The HLR's subscriber with this IMSI, if it has one."""
    with Vty(own_address(data), _PORT) as vty:
        return Hlr(vty).find(imsi)


def subscribers(data: Path, imsis: list[str]) -> list[str]:
    """Which of these the HLR knows; none while it is starting."""
    try:
        with Vty(own_address(data), _PORT) as vty:
            hlr = Hlr(vty)
            return [imsi for imsi in imsis if hlr.find(imsi) is not None]
    except VtyError:
        return []

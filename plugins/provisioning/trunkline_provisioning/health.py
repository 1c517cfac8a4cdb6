"""How provisioning's parts are."""

import sys
from collections.abc import Sequence
from pathlib import Path

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport
from trunkline_provisioning import queries


def reports(ctx: Context) -> Sequence[HealthReport]:
    """HLR and Ansible, each in well under a second."""
    return [_hlr(ctx), _ansible()]


def _hlr(ctx: Context) -> HealthReport:
    place = queries.hlr_place(ctx)
    silence = place.answers()
    if silence:
        remedy = (
            _("Start it, or correct its address in the settings of provisioning.")
            if place.kind == "external"
            else _(
                "It starts with the worker: `trunkline serve` or `trunkline worker`. Its log is hlr/log in the data folder."
            )
        )
        return HealthReport("HLR", Health.FAILED, f"{place.label}: {silence}", str(remedy))
    if place.kind == "simulated":
        return HealthReport(
            "HLR",
            Health.WARNING,
            str(place),
            str(_("No network element. Install osmo-hlr, or name an HLR in the settings of provisioning.")),
        )
    return HealthReport("HLR", Health.OK, str(place))


def _ansible() -> HealthReport:
    program = Path(sys.executable).parent / "ansible-playbook"
    if not program.is_file():
        remedy = str(_("Install the wheel trunkline-provisioning again, which brings ansible-core."))
        return HealthReport("Ansible", Health.FAILED, f"{program} is missing", remedy)
    from importlib.metadata import version

    versions = (f"{name} {version(name)}" for name in ("ansible-core", "ansible-runner"))
    return HealthReport("Ansible", Health.OK, ", ".join(versions))

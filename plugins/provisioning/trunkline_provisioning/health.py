"""How provisioning's parts are."""

import sys
from collections.abc import Sequence
from pathlib import Path

from trunkline.errors import Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport
from trunkline_provisioning import queries
from trunkline_provisioning.fork_server import places


def reports(ctx: Context) -> Sequence[HealthReport]:
    """HLR, Ansible and its fork server, each in well under a second."""
    return [_hlr(ctx), _ansible(), _fork_server(ctx)]


def _fork_server(ctx: Context) -> HealthReport:
    name = str(_("Fork server"))
    found = places(ctx.app.config.data)
    refusals = [place.refusal for place in found if place.refusal]
    slower = str(_("Playbooks run all the same, by the stock command, which takes several times as long."))
    if refusals:
        return HealthReport(name, Health.WARNING, refusals[0], slower)
    if not any(place.socket.exists() for place in found):
        return HealthReport(name, Health.WARNING, str(_("not running, or still starting")), slower)
    warm = str(_("warm, in {count} workers", count=len(found)) if len(found) > 1 else _("warm"))
    return HealthReport(name, Health.OK, warm)


def _hlr(ctx: Context) -> HealthReport:
    place = queries.hlr_place(ctx)
    silence = place.answers()
    if silence:
        remedy = (
            _("Start it, or correct its address in the settings of provisioning.")
            if place.kind == "external"
            else _(
                "It starts with the worker: trunkline serve or trunkline worker. Its log is hlr/log in the data folder."
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


def hlr_connection(ctx: Context) -> str:
    """Which HLR answers, in words. Raises Unavailable."""
    report = _hlr(ctx)
    if report.health is Health.FAILED:
        raise Unavailable(report.detail, remedy=report.remedy)
    return str(_("{place} answers.", place=report.detail))

"""What the wheel's own metadata must say."""

from typing import TYPE_CHECKING

import importlib_metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from trunkline.loader import CORE_DISTRIBUTION, PluginStatus, installed
from trunkline.plugin_life.problem import Problem

if TYPE_CHECKING:
    from trunkline.app import App

AREA = "wheel"


def problems(app: "App", status: PluginStatus) -> list[Problem]:
    """The range of core, and the wheels of required plugins, stand in the dependencies."""
    needed = {
        canonicalize_name(requirement.name): requirement
        for requirement in map(Requirement, importlib_metadata.requires(status.distribution) or ())
    }
    found = []
    core = needed.get(canonicalize_name(CORE_DISTRIBUTION))
    if core is None or not any(clause.operator in ("<", "<=", "==", "~=") for clause in core.specifier):
        version = importlib_metadata.version(CORE_DISTRIBUTION)
        found.append(
            Problem(
                AREA,
                "It does not say which cores it works with.",
                f'Depend on "{CORE_DISTRIBUTION}>={version},<…".',
            )
        )
    points = installed()
    for required in status.requires:
        dist = points[required].dist
        if dist is not None and canonicalize_name(dist.name) not in needed:
            found.append(
                Problem(
                    AREA, f"It requires the plugin {required} but not its wheel.", f'Depend on "{dist.name}".'
                )
            )
    return found

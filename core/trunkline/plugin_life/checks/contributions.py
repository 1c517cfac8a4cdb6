"""What the hooks return: of the right type, under the plugin's own names, and without raising."""

from typing import TYPE_CHECKING

import typer

from trunkline.health import reports
from trunkline.loader import PluginStatus
from trunkline.plugin_life.problem import Problem
from trunkline.web.app import make_web, page_routes

if TYPE_CHECKING:
    from trunkline.app import App

AREA = "hooks"
#: Hooks whose items any process may ask for without anything happening.
_PROVIDERS = (
    "payment_providers",
    "charging_engines",
    "mail_transports",
    "sms_transports",
    "sign_in_providers",
)


def problems(app: "App", status: PluginStatus) -> list[Problem]:
    """Ask for everything that is asked for at start, and take what was refused or failed as problems."""
    _ = app.menu_of, app.slots, app.importers, app.search_kinds, app.search_lookups, app.scheduled_tasks
    routes = app.part(page_routes)
    make_web(app)
    for hook in _PROVIDERS:
        app.hooks.gather(hook)
    for _result in app.hooks.each("cli", app=typer.Typer()):
        pass
    with app.reading() as ctx:
        app.hooks.gather("geocoding_providers", session=ctx.session, ctx=ctx)
        reports(ctx)
        for kind in app.search_kinds.values():
            kind.load(ctx, kind.all_ids(ctx))
    found = [
        Problem(AREA, f"{fault.place}: {fault.error}")
        for fault in app.hooks.faults.values()
        if fault.plugin == status.name
    ]
    seen: set[tuple[str, str]] = set()
    for plugin, route in routes:
        for method in route.methods:
            if plugin == status.name and (method, route.path) in seen:
                found.append(Problem(AREA, f"Two pages answer {method} {route.path}.", "Remove one."))
            seen.add((method, route.path))
    return found

"""How sections of the settings are found: by the name of their plugin."""

from collections.abc import Sequence

from trunkline.i18n import _ as said
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search.lookups import begun
from trunkline.settings import queries


def _sections(ctx: Context, query: str) -> Sequence[SearchDocument]:
    found = [(plugin.name, str(said(plugin.label))) for plugin in queries.sections(ctx)]
    return [
        SearchDocument(
            kind="settings",
            id=0,
            title=label,
            subtitle=str(said("Settings")),
            path=f"/settings/{name}",
            permission="core.settings.view",
            icon="settings",
        )
        for name, label in found
        if begun(query, f"{said('Settings')} {label}")
    ]


SEARCH_LOOKUPS = (
    SearchLookup(
        "settings",
        _("Settings"),
        _sections,
        "core.settings.view",
        page="/settings/{owner}",
        order=600,
    ),
)

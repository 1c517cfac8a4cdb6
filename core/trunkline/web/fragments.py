"""Page or fragment: one URL answers with a whole page, or with a part of it when htmx asks."""

from collections.abc import Mapping

#: Answers that differ so must say it, or caches and the back button mix them up.
VARY = {"Vary": "HX-Request, HX-History-Restore-Request"}


def wants_fragment(headers: Mapping[str, str]) -> bool:
    """Whether a request's headers (compared without case, as Starlette's are) ask for a part of the page only.

    A history miss and a boosted link need the whole page although htmx sends them.
    """
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-history-restore-request") != "true"
        and headers.get("hx-boosted") != "true"
    )

"""Page or fragment: one URL answers with a whole page, or with a part of it when htmx asks.

A request wants a fragment when it carries `HX-Request` without `HX-History-Restore-Request` (a history miss needs
the whole page) and without `HX-Boosted`. Answers that differ so must say `Vary`, or caches and the back button mix
them up.
"""

from collections.abc import Mapping

VARY = "HX-Request, HX-History-Restore-Request, HX-Target"


def wants_fragment(headers: Mapping[str, str]) -> bool:
    """Whether the request's headers ask for a part of the page only."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return (
        lowered.get("hx-request") == "true"
        and lowered.get("hx-history-restore-request") != "true"
        and lowered.get("hx-boosted") != "true"
    )


def fragment_target(headers: Mapping[str, str]) -> str | None:
    """The id of the element that htmx will replace, when the request wants a fragment."""
    if not wants_fragment(headers):
        return None
    lowered = {name.lower(): value for name, value in headers.items()}
    return lowered.get("hx-target") or None


def vary(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Response headers extended by the `Vary` that page-or-fragment answers need."""
    merged = dict(headers or {})
    existing = merged.get("Vary")
    merged["Vary"] = f"{existing}, {VARY}" if existing else VARY
    return merged

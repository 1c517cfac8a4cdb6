"""What a failed test leaves to its reader: the end of the log of the system it ran, and what its browser showed."""

from collections.abc import Iterator
from typing import Any

import pytest

#: Lines of a log, and characters of a page.
_LINES, _SIGNS = 200, 4_000
#: Milliseconds; a page that hangs may be why the test failed.
_PATIENCE = 5_000


def statements(item: pytest.Item) -> Iterator[tuple[str, str]]:
    """Title and text of what the test's fixtures saw."""
    for name, value in getattr(item, "funcargs", {}).items():
        if isinstance(log := getattr(value, "log", None), str):
            yield f"log of {name}", "\n".join(log.splitlines()[-_LINES:])
        if name == "chromium":
            for context in value.contexts:
                for page in context.pages:
                    yield f"page {page.url}", _shown(page)


def _shown(page: Any) -> str:
    """The page's own words, without menus and head where it says what is what."""
    try:
        part = "main" if page.locator("main").count() else "body"
        text: str = page.locator(part).first.inner_text(timeout=_PATIENCE)
    except Exception as error:  # the test failed for another reason, which nothing may hide
        return f"It cannot be read: {error}"
    return text[:_SIGNS]

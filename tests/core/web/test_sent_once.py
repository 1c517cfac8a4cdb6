"""A second click on a button that is already working does nothing: the script knows such forms by a mark."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[3]
_TEMPLATES = sorted(
    path
    for place in (_ROOT / "core" / "trunkline", *_ROOT.glob("plugins/*/trunkline_*"))
    for path in (place / "templates").rglob("*.html")
)
#: htmx drops what comes while it waits, and a passkey's script sends its form itself.
_SENT_ONCE = ("data-once", "hx-post", "data-passkey")


@pytest.mark.parametrize("template", _TEMPLATES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_every_form_that_changes_something_is_sent_once(template: Path) -> None:
    forms = re.findall(r"<form\b(?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*>", template.read_text(), re.DOTALL)
    posting = [form for form in forms if 'method="post"' in form]
    assert [form for form in posting if not any(mark in form for mark in _SENT_ONCE)] == []

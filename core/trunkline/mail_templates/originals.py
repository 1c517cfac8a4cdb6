"""A letter's own words in one language, written out so that an operator can change them without knowing gettext."""

import re
from typing import TYPE_CHECKING

import jinja2

from trunkline import i18n
from trunkline.mail.rendering import mail_environment

if TYPE_CHECKING:
    from trunkline.app import App

#: `_("…", name=value)` where it stands alone between braces; the value may go through filters, but holds no comma or bracket.
_SAID = re.compile(r'\{\{ _\("((?:[^"\\]|\\.)*)"((?:, \w+=[^,(){}"]+)*)\) \}\}')
_VALUE = re.compile(r", (\w+)=([^,]+)")


def original(app: "App", template: str, ending: str, language: str) -> str:
    """The source of one part (`subject`, `txt` or `html`), with its sentences in `language`; empty where there is none."""
    environment = mail_environment(app)
    assert environment.loader is not None  # noqa: S101 — it was made with one
    for name in (f"{template}.{language}.{ending}", f"{template}.{ending}"):
        try:
            source, _file, _fresh = environment.loader.get_source(environment, name)
        except jinja2.TemplateNotFound:
            continue
        with i18n.use_locale(language, app.config.time_zone):
            return _SAID.sub(_written_out, source)
    return ""


def _written_out(found: "re.Match[str]") -> str:
    said = str(i18n.translate(found[1].replace('\\"', '"').replace("\\\\", "\\")))
    for name, value in _VALUE.findall(found[2]):
        said = said.replace("{" + name + "}", "{{ " + value.strip() + " }}")
    return said

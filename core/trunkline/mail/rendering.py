"""Mail templates: subject, text and HTML in the reader's language, overridable by the operator.

The template `portal/mail/invitation` is the files `invitation.subject`, `invitation.txt` and, if wanted, `invitation.html` in the
plugin's `templates/mail/`. The operator's folder and the language win: `portal/mail/invitation.pt_BR.txt`, then
`portal/mail/invitation.txt`, each looked for in the operator's folder first. Operators' templates run in Jinja's sandbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from trunkline import i18n
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.web.templating import _FILTERS

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.branding.brands import Brand

#: What an operator's expression may raise besides Jinja's own errors.
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_LONGEST = 100_000
_CORE_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@dataclass(frozen=True)
class RenderedMail:
    """A message before it has sender and recipient. `html` may be empty."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Wording:
    """What an operator wrote instead of a letter's own words, as templates. `html` may be empty."""

    subject: str
    text: str
    html: str = ""


def render_mail(
    app: "App",
    template: str,
    language: str,
    context: Mapping[str, Any],
    brand: "Brand | None" = None,
    wording: Wording | None = None,
) -> RenderedMail:
    """Render a letter under a brand, in its own words or the operator's.

    Raises Refused when it is missing or broken, naming it.
    """
    environment = mail_environment(app)
    context = {**_of_brand(app, brand), **context}
    try:
        with i18n.use_locale(language, app.config.time_zone):
            if wording is not None:
                parts = [
                    _compiled(environment, source, ending).render(**context) if source else ""
                    for source, ending in (
                        (wording.subject, "subject"),
                        (wording.text, "txt"),
                        (wording.html, "html"),
                    )
                ]
            else:
                parts = [
                    _part(environment, template, "subject", language, context, wanted=True),
                    _part(environment, template, "txt", language, context, wanted=True),
                    _part(environment, template, "html", language, context, wanted=False),
                ]
    except (jinja2.TemplateError, *_BROKEN) as error:
        raise Refused(
            _(
                "The mail template “{template}” cannot be used: {why}",
                template=template,
                why=str(error),
            ),
            field="template",
            remedy=_("Correct it in the templates folder."),
        ) from error
    # A header is one line (RFC 5322 §2.2); whatever a name contained, the subject stays one.
    footer = brand.mail_footer.strip() if brand is not None else ""
    # RFC 3676 §4.3: what follows is no part of the letter.
    subject, text, html = parts
    text = text.strip() + (f"\n\n-- \n{footer}" if footer else "") + "\n"
    return RenderedMail(" ".join(subject.split())[:300], text, html.strip())


def _of_brand(app: "App", brand: "Brand | None") -> dict[str, str]:
    """Name and address that a letter speaks of, unless it names its own."""
    if brand is None:
        return {"operator_name": app.config.operator_name, "base_url": app.config.public_url}
    return {"operator_name": brand.name, "base_url": brand.address(app.config.public_url)}


def _part(
    environment: jinja2.Environment,
    template: str,
    ending: str,
    language: str,
    context: Mapping[str, Any],
    *,
    wanted: bool,
) -> str:
    names = [f"{template}.{language}.{ending}", f"{template}.{ending}"]
    try:
        found = environment.select_template(names)
    except jinja2.TemplatesNotFound:
        if wanted:
            raise jinja2.TemplateNotFound(names[-1]) from None
        return ""
    return found.render(**context)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which a letter can neither reach the program nor grow until the memory is full."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        sizes = [value if isinstance(value, int) else len(value) for value in (left, right)]
        if operator == "**" or sizes[0] * sizes[1] > _LONGEST:
            raise OverflowError("the result would be too large")
        return super().call_binop(context, operator, left, right)


@lru_cache(maxsize=64)
def _compiled(environment: jinja2.Environment, source: str, ending: str) -> jinja2.Template:
    """An operator's words, compiled once; what ends in html escapes what it shows."""
    own = environment.overlay(autoescape=ending == "html")
    return own.from_string(source)


def mail_environment(app: "App") -> jinja2.Environment:
    """The sandbox that letters are rendered in: operators' words run nothing (OWASP ASVS 5.0, 1.3.7)."""
    folders = {"core": _CORE_TEMPLATES}
    for status in app.loaded.enabled:
        file = getattr(status.module, "__file__", None)
        if file and status.plugin is not None:
            folders[status.plugin.name] = Path(file).parent / "templates"
    return _environment_of(app.config.template_folder, tuple(folders.items()))


@lru_cache(maxsize=8)
def _environment_of(operators: Path, folders: tuple[tuple[str, Path], ...]) -> jinja2.Environment:
    """One environment per installation: a run of invoices must not compile its template for each mail."""
    owned = {name: jinja2.FileSystemLoader(folder) for name, folder in folders}
    environment = _Sandbox(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(operators), jinja2.PrefixLoader(owned)]),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(_FILTERS)
    environment.globals.update({"_": i18n.translate, "ngettext": i18n.ngettext})
    return environment

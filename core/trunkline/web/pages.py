"""HTML routes: what a plugin declares, and the page object its handlers work with.

A handler is a plain function `def handler(page: Page, …path parameters) -> Response`. GET handlers read; all others run in one
unit of work that is committed before the response leaves, or rolled back when the handler raises.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from trunkline.errors import Forbidden, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.operation import Actor, Context
from trunkline.web.fragments import VARY, wants_fragment

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.auth.sessions import SignedIn
    from trunkline.branding.brands import Brand
    from trunkline.web.forms import Form
    from trunkline.web.shell import Crumb, MenuGroup, SignedInUser, Toast, WebApp
    from trunkline.web.tables import Table

#: The permission of pages that anybody may open (sign-in, static help).
PUBLIC = "public"
#: The permission of pages that every signed-in user may open (own profile, search box).
SIGNED_IN = "signed-in"
#: How long a password, code or passkey counts for dangerous actions.
PROOF_LASTS = timedelta(minutes=10)
#: A form that was opened with a fresh proof may be filled in for this much longer, so that nobody's input is lost.
TO_FILL_IN = timedelta(minutes=20)

Handler = Callable[..., Response]
Audience = Literal["staff", "portal", "any"]
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True)
class PageRoute:
    """One HTML route, with the permission that the application checks before the handler runs."""

    path: str
    methods: tuple[str, ...]
    handler: Handler
    permission: str
    audience: Audience = "staff"
    #: Reads only, although the method is POST.
    reads: bool = False
    #: Makes a body of up to this many bytes acceptable.
    max_body: int = 1_000_000
    #: How old the proof of who the person is may be (see `trunkline.auth.sudo`); None asks for none.
    proof_lasts: timedelta | None = None
    #: Its handler hashes a password, so requests for it take turns (see `trunkline.web.turns`).
    hashes: bool = False
    #: Shows on its own page why a file is not taken.
    shows_refusals: bool = False
    #: What was typed is kept while the person is asked who they are, and its page offers it again (see `trunkline.drafts`).
    resumes: bool = False
    #: Asks the database much the same questions about each row that it shows, and changes nothing (see `trunkline.db.foresight`).
    foreseen: bool = False

    @property
    def name(self) -> str:
        return f"{self.handler.__module__}.{self.handler.__qualname__}"


@dataclass
class Pages:
    """The HTML routes of one plugin, collected by decorators."""

    audience: Audience = "staff"
    routes: list[PageRoute] = field(default_factory=list)

    def get(
        self, path: str, *, permission: str, sudo: bool = False, foreseen: bool = False
    ) -> Callable[[Handler], Handler]:
        """Register a page that only reads; with `sudo` it asks for the password again.

        A `foreseen` one makes many small reads by the key of what it shows, the same ones each time: PostgreSQL is asked them
        together. It must not change anything, not even for itself.
        """
        return self._register(path, ("GET",), permission, sudo=sudo, foreseen=foreseen)

    def post(
        self,
        path: str,
        *,
        permission: str,
        reads: bool = False,
        max_body: int = 1_000_000,
        sudo: bool = False,
        hashes: bool = False,
        resumes: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register an action: CSRF-checked, in one unit of work (unless it only `reads`).

        With `sudo` it needs a password or code not older than ten minutes, and is closed to somebody who works as another.
        One that `hashes` a password takes turns with others that do. What is sent to one that `resumes` is kept while the person
        is asked who they are.
        """
        return self._register(
            path, ("POST",), permission, reads, max_body, sudo=sudo, hashes=hashes, resumes=resumes
        )

    def _register(
        self,
        path: str,
        methods: tuple[str, ...],
        permission: str,
        reads: bool = False,
        max_body: int = 1_000_000,
        *,
        sudo: bool = False,
        hashes: bool = False,
        resumes: bool = False,
        foreseen: bool = False,
    ) -> Callable[[Handler], Handler]:
        lasts = PROOF_LASTS if sudo else None

        def decorate(handler: Handler) -> Handler:
            self.routes.append(
                PageRoute(
                    path,
                    methods,
                    handler,
                    permission,
                    self.audience,
                    reads,
                    max_body,
                    lasts,
                    hashes,
                    resumes=resumes,
                    foreseen=foreseen,
                )
            )
            return handler

        return decorate

    def form(
        self,
        path: str,
        *,
        permission: str,
        schema: type[BaseModel] | Callable[..., type[BaseModel]],
        template: str,
        title: str,
        initial: Callable[..., Mapping[str, Any]] | None = None,
        extra: Callable[..., Mapping[str, Any]] | None = None,
        submit: str = "",
        sudo: bool = False,
        draft: str = "",
    ) -> Callable[[Handler], Handler]:
        """Register a form page: GET shows it, POST validates and calls the handler with `(page, command, …path parameters)`.

        Validation errors and `Refused` from the handler show the form again (422) with the message beside its field, the
        input kept and nothing saved. `initial` and `extra` get `(page, …path parameters)`; `schema` may be such a function too.
        The template gets `form` and what `extra` returns. With `sudo` the form opens after a fresh password only. What is
        sent while the person first has to say who they are is offered to them for an hour. With `draft`, a word, what is half
        filled in is kept too, for two weeks; not for forms about money or rights.
        """
        to_open, to_send = (PROOF_LASTS, PROOF_LASTS + TO_FILL_IN) if sudo else (None, None)

        def decorate(handler: Handler) -> Handler:
            from trunkline.web.form_pages import FormPage

            pair = FormPage(schema, template, title, handler, initial, extra, submit, draft)
            self.routes.append(
                PageRoute(path, ("GET",), pair.show, permission, self.audience, proof_lasts=to_open)
            )
            self.routes.append(
                PageRoute(
                    path,
                    ("POST",),
                    pair.submit_form,
                    permission,
                    self.audience,
                    proof_lasts=to_send,
                    shows_refusals=True,
                    resumes=True,
                )
            )
            return handler

        return decorate


@dataclass
class Page:
    """One request for a page or fragment: the context, the shell's facts, and ways to answer."""

    request: Request
    ctx: Context
    web: "WebApp"
    user: "SignedInUser | None"
    csrf_token: str
    form_data: FormData
    signed_in: "SignedIn | None" = None
    title: str = ""
    breadcrumbs: list["Crumb"] = field(default_factory=list)
    flash: list["Toast"] = field(default_factory=list)
    toasts: list["Toast"] = field(default_factory=list)
    #: Why a file of this request is not taken; a form shows it beside the field.
    refused_upload: TrunklineError | None = None

    @property
    def app(self) -> "App":
        return self.ctx.app

    @property
    def actor(self) -> Actor:
        return self.ctx.actor

    @property
    def path(self) -> str:
        """The address's path; the request's `url` would take its whole address apart."""
        return str(self.request.scope["path"])

    @property
    def query(self) -> Mapping[str, str]:
        """The query string's parameters (the last one wins)."""
        return dict(self.request.query_params)

    @property
    def locale(self) -> str:
        return self.actor.language

    @property
    def shortcuts(self) -> str:
        """Whether single keys do something for this person: `on` or `off`."""
        chosen = self.signed_in.user.preferences.get("shortcuts", True) if self.signed_in else True
        return "on" if chosen else "off"

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return wants_fragment(self.request.headers)

    @cached_property
    def menu(self) -> "list[MenuGroup]":
        return self.web.menu_for(self)

    @property
    def menu_key(self) -> Hashable:
        """All that the menu shown to this user on this page depends on, besides the language."""
        return self.web.menu_key(self)

    @cached_property
    def brand(self) -> "Brand":
        return self.web.brand_of(self.request.headers.get("host", ""), self.ctx.session)

    def can(self, permission: str) -> bool:
        """Whether the signed-in user holds `permission`; `SIGNED_IN` is everybody's who has an account, `PUBLIC` anybody's."""
        if permission == PUBLIC:
            return True
        if permission == SIGNED_IN:
            return self.user is not None
        return self.actor.may(permission)

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """The whole page, or only its block `fragment` when htmx asked for a part."""
        return HTMLResponse(
            self.web.render(self, template, context),
            status,
            headers=VARY,
        )

    def fragment(self, template: str, **context: Any) -> str:
        """HTML of a template that stands for itself, for slots and out-of-band parts."""
        return self.web.fragment(self, template, context)

    def part(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A response of a template that stands for itself."""
        return HTMLResponse(self.fragment(template, **context), status, headers=VARY)

    def table(self, template: str, table: "Table", statement: Any, **context: Any) -> Response:
        """A list page around `table` fed by the Core select `statement`; answers exports and fragments too."""
        return self.web.table_response(self, template, table, statement, context)

    def form(
        self, schema: type[BaseModel], values: Mapping[str, Any] | None = None, **options: Any
    ) -> "Form[Any]":
        """An unbound form of `schema` for templates that show several."""
        from trunkline.web.forms import Form

        return Form(schema, values=dict(values or {}), csrf_token=self.csrf_token, **options)

    def command(self, schema: type[B]) -> B:
        """The submitted form as `schema`. Raises Refused naming the first field at fault."""
        from trunkline.web.forms import Form

        return Form(schema).parse(self.form_data).require()

    def redirect(self, path: str, toast: str = "") -> Response:
        """Go to a page after an action (303), with a message that says it worked."""
        if not path.startswith("/") or path.startswith("//"):
            raise Forbidden(_("That address is not one of this system's pages."))
        response: Response = (
            Response(status_code=204, headers={"HX-Redirect": path})
            if self.is_fragment
            else RedirectResponse(path, 303)
        )
        if toast:
            self.web.remember_toast(response, self.request, toast)
        return response

    def crumbs(self, *pairs: tuple[str, str]) -> None:
        """Set the breadcrumb as (label, path) pairs; the title follows by itself."""
        from trunkline.web.shell import Crumb

        self.breadcrumbs = [Crumb(label, path) for label, path in pairs]

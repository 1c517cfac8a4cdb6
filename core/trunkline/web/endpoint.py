"""From an HTTP request to a page's handler: session, permission, CSRF, unit of work, and errors that people can read."""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from sqlmodel import Session
from starlette.datastructures import URL, FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from trunkline import drafts, i18n
from trunkline.activity.refusals import refused
from trunkline.auth import csrf, sessions, sudo
from trunkline.auth.impersonation import limits
from trunkline.branding.brands import Brands
from trunkline.db.engine import NO_DATABASE, RETRY_AFTER
from trunkline.db.rings import again
from trunkline.errors import Forbidden, NotFound, TrunklineError, Unauthenticated, WaitsForSecondPerson
from trunkline.files.rewinding import rewind
from trunkline.files.scanning import scan
from trunkline.i18n import _
from trunkline.operation import Actor, ActorKind, Context
from trunkline.web import cookies, error_pages
from trunkline.web.fragments import VARY
from trunkline.web.pages import PUBLIC, SIGNED_IN, Page, PageRoute
from trunkline.web.plain_text import refuse_nul
from trunkline.web.shell import SignedInUser, WebApp
from trunkline.web.templating import initials, render
from trunkline.web.turns import first, in_turn

if TYPE_CHECKING:
    from trunkline.auth.sessions import SignedIn

log = logging.getLogger(__name__)
ANONYMOUS = Actor(ActorKind.API, None, "anonymous")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Fields that are never written into a page.
_SECRET = re.compile("password|secret|token|code|pin|key")


def endpoint(web: WebApp, route: PageRoute) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint of a declared page."""

    async def call(request: Request) -> Response:
        if request.method in _SAFE:
            return await first(_Call(web, route, request, FormData()).answer)
        async with request.form(max_files=20, max_fields=5000, max_part_size=route.max_body) as form:
            answer = _Call(web, route, request, form).answer
            return await (in_turn(answer) if route.hashes else first(answer))

    return call


class _NotOurForm(Forbidden):
    """The form's token is missing or old, or the form comes from elsewhere."""


class _OldForm(_NotOurForm):
    """The form is ours, by its origin, but of a session that is over: whoever sent it may say so and send it again."""


class _Call:
    """One request for one page."""

    def __init__(self, web: WebApp, route: PageRoute, request: Request, form: FormData) -> None:
        self.web, self.app, self.route, self.request, self.form = web, web.app, route, request, form
        self.signed_in: SignedIn | None = None
        self.request_id: str = request.scope.get("state", {}).get("request_id", "")
        self.refused_upload: TrunklineError | None = None

    @cached_property
    def anonymous_secret(self) -> str:
        """The CSRF secret of a browser in which nobody is signed in."""
        return cookies.anonymous_secret(self.request)

    def answer(self) -> Response:
        """The handler's response, or a page that says what went wrong."""
        try:
            return self._answered()
        except NO_DATABASE:
            # While what went wrong was being told or kept.
            log.exception("database unavailable")
            return self._database_away()

    def _answered(self) -> Response:
        try:
            response = self._read() if self.request.method in _SAFE else self._write()
        except Unauthenticated as error:
            return self._to_sign_in(error)
        except sudo.ProofNeeded as error:
            return self._to_confirm(error)
        except WaitsForSecondPerson as waiting:
            response = self._to_request(waiting)
        except TrunklineError as error:
            self._remember_refusal(error)
            response = self._error_page(error, error.status)
        except NO_DATABASE:
            log.exception("database unavailable")
            return self._database_away()
        except Exception as error:  # the visitor gets a page, whatever failed
            log.exception("page %s failed, request %s", self.request.url.path, self.request_id)
            response = self._error_page(error, 500)
        return self._finish(response)

    def _read(self) -> Response:
        """A page that only reads: who asks and what they see come from one transaction."""
        foreseen = self.route.foreseen
        words = list(self.request.path_params.values()) if foreseen else ()
        with self.app.database.read(self.route.path if foreseen else "", words) as session:
            self._find_session(session)
            self._check()
            ctx = Context(session, self._actor(), self.app, self.app.clock, self.request_id)
            ctx.on_behalf_of = self._on_behalf_of()
            return self._handled(ctx)

    def _write(self) -> Response:
        """An action: nobody waits for the right to write before it is known who asks."""
        if cookies.session_token(self.request):
            with self.app.database.read() as session:
                self._find_session(session)
        self._check()
        actor, on_behalf_of = self._actor(), self._on_behalf_of()
        if self.signed_in is not None:
            with i18n.use_locale(actor.language, self.app.config.time_zone):
                self.refused_upload = scan(
                    self.app,
                    self.form.multi_items(),
                    actor,
                    request_id=self.request_id,
                    on_behalf_of=on_behalf_of,
                )
        if self.route.reads:
            with self.app.reading(actor, request_id=self.request_id) as ctx:
                ctx.on_behalf_of = on_behalf_of
                return self._handled(ctx)
        key = str(self.form.get("idempotency_key") or "") or None

        def do() -> Response:
            rewind(value for _name, value in self.form.multi_items())
            with self.app.unit_of_work(
                actor, request_id=self.request_id, idempotency_key=key, on_behalf_of=on_behalf_of
            ) as ctx:
                return self._handled(ctx)

        return again(do)

    def _handled(self, ctx: Context) -> Response:
        if self.refused_upload is not None and not self.route.shows_refusals:
            raise self.refused_upload
        with i18n.use_locale(ctx.actor.language, self.app.config.time_zone):
            return self.route.handler(self._page(ctx), **self.request.path_params)

    # Who and whether

    def _find_session(self, session: Session) -> None:
        self.signed_in = sessions.find(session, cookies.session_token(self.request), self.app.clock())

    def _on_behalf_of(self) -> Actor | None:
        worn = self.signed_in.impersonation if self.signed_in else None
        return worn.user if worn else None

    def _actor(self) -> Actor:
        address = self.request.client.host if self.request.client else ""
        if self.signed_in is None:
            brand = self.web.brand_of(self.request.headers.get("host", ""))
            accepted = i18n.negotiate(
                self.request.headers.get("accept-language", ""), brand.language or self.app.config.language
            )
            return replace(ANONYMOUS, language=accepted, address=address)
        return replace(self.signed_in.actor, address=address)

    def _check(self) -> None:
        if self.request.method not in _SAFE:
            self._check_csrf()
            refuse_nul(self.form.multi_items())
        if self.route.permission == PUBLIC:
            return
        if self.signed_in is None:
            raise Unauthenticated(_("Sign in to see this page."))
        if self.signed_in.impersonation is not None:
            limits.check_route(self.route, self.signed_in)
        kind = self.signed_in.user.kind
        if self.route.audience != "any" and kind != self.route.audience:
            raise Forbidden(_("This page is not for your kind of account."))
        if self.route.permission != SIGNED_IN and not self.signed_in.actor.may(self.route.permission):
            label = self.app.permission_label(self.route.permission)
            raise Forbidden(
                _("You may not do this: it needs the permission “{label}”.").format(label=_(label)),
                remedy=_("Ask an administrator for a role that has it."),
                permission=self.route.permission,
            )
        if self.route.proof_lasts is not None:
            sudo.check(self.signed_in, self.app.clock(), self.route.proof_lasts)

    def _check_csrf(self) -> None:
        """Token and origin (OWASP ASVS 5, 3.5): a form of another site has neither."""
        origin = self.request.headers.get("origin")
        if origin and urlsplit(origin).netloc != self.request.headers.get("host"):
            raise _NotOurForm(_("This form was sent from another site."))
        token = self._token()
        if self.signed_in is None and self.route.permission != PUBLIC:
            # The session ended while the form was filled in: its token says nothing any more.
            raise Unauthenticated(_("Sign in to see this page."))
        valid = (
            self.signed_in.csrf_valid(token)
            if self.signed_in is not None
            else csrf.is_valid(self.anonymous_secret, token)
        )
        if not valid:
            raise (_OldForm if origin and self._kept_form() else _NotOurForm)(
                _("The form is out of date, so nothing was done."),
                remedy=_("Reload the page and send it again."),
            )

    def _token(self) -> str:
        return self.request.headers.get("x-csrf-token") or str(self.form.get("csrf_token", ""))

    def _kept_form(self) -> list[tuple[str, str]]:
        """What was typed, to be sent again; nothing when there is a secret or a file among it, which no page gives back."""
        fields = [(name, value) for name, value in self.form.multi_items() if name != "csrf_token"]
        if any(not isinstance(value, str) or _SECRET.search(name) for name, value in fields):
            return []
        return [(name, str(value)) for name, value in fields]

    def _remember_refusal(self, error: TrunklineError) -> None:
        """Access that was refused to somebody signed in is on record; a form that is out of date is none."""
        nothing_there = isinstance(error, NotFound) and self.request.path_params
        if self.signed_in is None or not (isinstance(error, Forbidden) or nothing_there):
            return
        if not isinstance(error, _NotOurForm):
            refused(
                self.app,
                self._actor(),
                error,
                permission=self.route.permission,
                method=self.request.method,
                path=self.request.url.path,
                request_id=self.request_id,
                on_behalf_of=self._on_behalf_of(),
            )

    # Answers

    def _page(self, ctx: Context) -> Page:
        user = self.signed_in.user if self.signed_in else None
        worn = self.signed_in.impersonation if self.signed_in else None
        shown = (
            SignedInUser(
                user.key,
                user.name,
                user.email,
                user.kind,
                initials(user.name or user.email),
                worn.staff_name if worn else "",
            )
            if user
            else None
        )
        token = self.signed_in.csrf_token if self.signed_in else csrf.token_for(self.anonymous_secret)
        page = Page(self.request, ctx, self.web, shown, token, self.form, self.signed_in)
        page.refused_upload = self.refused_upload
        if not page.is_fragment:
            page.flash = self.web.take_toasts(cookies.toast(self.request))
        return page

    def _to_sign_in(self, error: Unauthenticated) -> Response:
        """To the sign-in page, and from there back to the page that is open, with its form where one was sent."""
        request = self.request
        here = self._open_page()
        place = "/sign-in" if here == "/" else f"/sign-in?next={quote(here, safe='')}"
        if request.method not in _SAFE:
            place += "&ended=1" if "?" in place else "?ended=1"
            self._keep_for_who_timed_out()
        if request.headers.get("HX-Request") == "true":
            return Response(str(error), 401, headers={"HX-Redirect": place})
        return RedirectResponse(place, 303)

    def _keep_for_who_timed_out(self) -> None:
        """Their form came a moment too late: its page offers them what they typed, once they have signed in."""
        if not self.route.resumes:
            return
        with self.app.database.read() as session:
            late = sessions.timed_out(session, cookies.session_token(self.request), self.app.clock())
        if late is not None and late.csrf_valid(self._token()):
            with self.app.unit_of_work(late.actor, request_id=self.request_id) as ctx:
                drafts.keep_interrupted(ctx, self._address(), self.form.multi_items())

    def _open_page(self) -> str:
        """What the person has before them: the page asked for, or the one that sent a form or asks for a part."""
        request, place = self.request, self.request.url
        if request.method not in _SAFE or request.headers.get("HX-Request") == "true":
            place = URL(request.headers.get("hx-current-url") or request.headers.get("referer") or "/")
        return place.path + (f"?{place.query}" if place.query else "")

    def _address(self) -> str:
        place = self.request.url
        return place.path + (f"?{place.query}" if place.query else "")

    def _before(self) -> str:
        """The page of ours from which somebody came here, unless it is this one."""
        before, here = URL(self.request.headers.get("referer") or ""), self.request.url
        if before.netloc != here.netloc or (self.request.method in _SAFE and before.path == here.path):
            return ""
        return before.path + (f"?{before.query}" if before.query else "")

    def _to_confirm(self, error: sudo.ProofNeeded) -> Response:
        """To the page that asks for the password, and from there back to where the person was, with what they had typed."""
        request = self.request
        place = f"/confirm?next={quote(self._open_page(), safe='')}"
        if self.route.resumes and self.signed_in is not None and self.signed_in.impersonation is None:
            with self.app.unit_of_work(self._actor(), request_id=self.request_id) as ctx:
                drafts.keep_interrupted(ctx, self._address(), self.form.multi_items())
        if request.headers.get("HX-Request") == "true":
            return Response(str(error), 403, headers={"HX-Redirect": place})
        return RedirectResponse(place, 303)

    def _to_request(self, waiting: WaitsForSecondPerson) -> Response:
        path = f"/approvals/{waiting.number}"
        response: Response = (
            Response(status_code=204, headers={"HX-Redirect": path})
            if "HX-Request" in self.request.headers
            else RedirectResponse(path, 303)
        )
        self.web.remember_toast(response, self.request, waiting.message)
        return response

    def _error_page(self, error: Exception, status: int) -> Response:
        """What went wrong, with the menu around it where that can be had, else by itself."""
        for bare in (False, True):
            try:
                return HTMLResponse(self._error_html(error, status, bare=bare), status, headers=VARY)
            except NO_DATABASE:
                return self._database_away()
            except Exception:  # nothing may fail behind this one
                log.exception("the error page failed too, request %s", self.request_id)
        return HTMLResponse(f"<h1>{status}</h1><p>Request {self.request_id}</p>", status)

    def _error_html(self, error: Exception, status: int, *, bare: bool) -> str:
        known = error if isinstance(error, TrunklineError) else None
        actor = self._actor()
        with (
            i18n.use_locale(actor.language, self.app.config.time_zone),
            self.app.reading(actor, request_id=self.request_id) as ctx,
        ):
            ctx.on_behalf_of = self._on_behalf_of()
            page = self._page(ctx)
            page.title = known.title if known else _("Internal error")
            words = {
                "status": status,
                "heading": known.heading if known else "",
                "message": known.message if known else "",
                "remedy": (known.remedy or "") if known else "",
                "see": known.see if known else None,
                "reference": self.request_id if status >= 500 else "",
                "permission": error_pages.permission_lacking(error),
                "back": self._before(),
                "here": f"{self.request.url.path}?{self.request.url.query}".rstrip("?"),
                "asked_only": self.request.method in _SAFE,
                "again": self._kept_form() if isinstance(error, _OldForm) else [],
            }
            return error_pages.write(page, status, words, bare=bare)

    def _database_away(self) -> Response:
        """A page that asks the database nothing, not even who is signed in."""
        config, request = self.app.config, self.request
        language = i18n.negotiate(request.headers.get("accept-language", ""), config.language)
        page = SimpleNamespace(locale=language, brand=self.app.part(Brands).last_known())
        here = request.url.path if request.method in _SAFE else "/"
        words = {"status": 503, "here": here, "reference": self.request_id}
        with i18n.use_locale(language, config.time_zone):
            words["message"] = _("The database does not answer, so nothing was done.")
            words["remedy"] = _("Try again in a moment. What was saved before is safe.")
            html = render(self.web.environment, "errors/away.html", page, **words)
        return HTMLResponse(
            html, 503, headers={**VARY, "Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
        )

    def _finish(self, response: Response) -> Response:
        if self.signed_in is None:
            cookies.keep_anonymous(response, self.request, self.anonymous_secret)
        elif self.signed_in.stale:
            sessions.touch(self.app, self.signed_in)
        if (
            cookies.toast(self.request)
            and response.status_code == 200
            and "HX-Request" not in self.request.headers
        ):
            cookies.clear_toast(response, self.request)
        if "cache-control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response

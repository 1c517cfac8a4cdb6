"""A form's two routes: GET shows it, POST validates it, acts, or shows it again with what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline import drafts
from trunkline.errors import (
    Conflict,
    Forbidden,
    NotFound,
    TrunklineError,
    Unauthenticated,
    WaitsForSecondPerson,
)
from trunkline.i18n import _
from trunkline.web.forms import Form
from trunkline.web.pages import Handler, Page

if TYPE_CHECKING:
    from trunkline.drafts.keeping import Offer


@dataclass(frozen=True)
class FormPage:
    """One form page; see `Pages.form`."""

    schema: type[BaseModel] | Callable[..., type[BaseModel]]
    template: str
    title: str
    handler: Handler
    initial: Callable[..., Mapping[str, Any]] | None
    further: Callable[..., Mapping[str, Any]] | None
    submit_label: str
    #: The word under which what is half filled in is kept; empty: it is not.
    draft: str = ""

    @property
    def __module__(self) -> str:  # type: ignore[override]  # so that faults name the plugin of the handler
        return self.handler.__module__

    def show(self, page: Page, **parameters: Any) -> Response:
        """The form with its initial values."""
        form = self._form(page, parameters)
        form.offer = self._offer(page)
        return self._render(page, form, parameters)

    def submit_form(self, page: Page, **parameters: Any) -> Response:
        """Validate and act. What is refused undoes everything of this request before the form is shown again."""
        form = self._form(page, parameters).parse(page.form_data)
        if "draft_resume" in page.form_data:
            # Nothing is wrong yet: it is still being filled in.
            form.errors.clear()
            return self._render(page, form, parameters)
        if page.refused_upload is not None:
            form.refuse(page.refused_upload.field, str(page.refused_upload))
            return self._render(page, form, parameters, 422)
        if not form.valid:
            return self._render(page, form, parameters, 422)
        try:
            with page.ctx.session.begin_nested():
                response = self.handler(page, form.command, **parameters)
                self._drop_drafts(page)
                return response
        except (Forbidden, NotFound, Unauthenticated, WaitsForSecondPerson):
            raise
        except TrunklineError as error:
            page.ctx.session.rollback()
            page.ctx.after_commit.clear()
            if isinstance(error, Conflict) and error.field == "version" and self.initial is not None:
                form.clash(self.initial(page, **parameters))
            else:
                for fault in (error, *error.others):
                    form.refuse(fault.field, str(fault))
                form.see = error.see
            # htmx puts a form in its place for 422 only.
            return self._render(page, form, parameters, 422 if page.is_fragment else error.status)

    def _offer(self, page: Page) -> "Offer | None":
        """What its writer was interrupted in, being asked who they are; else what they left half filled in."""
        interrupted = drafts.interrupted(page.ctx, page.path)
        return interrupted or (drafts.offered(page.ctx, self.draft) if self.draft else None)

    def _drop_drafts(self, page: Page) -> None:
        if self.draft:
            drafts.drop(page.ctx, self.draft)
        if drafts.interrupted(page.ctx, page.path) is not None:
            drafts.drop(page.ctx, drafts.INTERRUPTED)

    def _form(self, page: Page, parameters: Mapping[str, Any]) -> Form[Any]:
        schema = self.schema if isinstance(self.schema, type) else self.schema(page, **parameters)
        initial: dict[str, Any] = dict(self.initial(page, **parameters)) if self.initial else dict(page.query)
        options: dict[str, Any] = initial.pop("form_options", {})
        return Form(
            schema,
            values=initial,
            csrf_token=page.csrf_token,
            version=initial.get("version"),
            home_country=page.app.config.country,
            **{"submit": self.submit_label, **options},
        )

    def _render(
        self, page: Page, form: Form[Any], parameters: Mapping[str, Any], status: int = 200
    ) -> Response:
        page.title = page.title or _(self.title)
        if self.draft or form.offer is not None:
            query = page.request.url.query
            form.draft = self.draft
            form.draft_resume = f"{page.request.url.path}?{query}" if query else page.request.url.path
        further = self.further(page, **parameters) if self.further else {}
        return page.render(self.template, status=status, form=form, **further)

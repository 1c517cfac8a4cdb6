"""The form of an order in the browser: one part per line, and what is said of the order as a whole."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from trunkline.customers import queries as customers
from trunkline.customers.models import Customer
from trunkline.errors import NotFound, Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.web.forms import Form
from trunkline.web.pages import Page
from trunkline.web.writing import identifier_text
from trunkline_catalog import queries
from trunkline_catalog.operations.orders import main_identifier
from trunkline_catalog.order_forms import ADDED_TO, PARAMETER, PICK, AddLine, OrderNote, order_schema
from trunkline_catalog.pages.typed_secrets import TypedSecrets
from trunkline_catalog.schemas import MAX_LINES, OrderLineInput, PlaceOrder, ProductView
from trunkline_inventory import queries as inventory
from trunkline_inventory.schemas import ItemState, ItemView

PRODUCT, PART_OF, TRIED = "product", "part_of", "tried"
_LINE = re.compile(r"lines\.(\d{1,4})\.product")
_REFUSED_LINE = re.compile(r"lines\.(\d+)\.?(.*)")


@dataclass
class EntryLine:
    """One line as it is being filled in; `picked` holds the items that were found for what was typed."""

    product: ProductView
    form: Form[BaseModel]
    picked: dict[str, ItemView]
    secrets: TypedSecrets
    #: The line of the bundle that it is a part of.
    bundle: "EntryLine | None" = None

    @property
    def price(self) -> tuple[int, int]:
        """What it costs once and each month, in micro-units; a part that its bundle pays for costs nothing."""
        if self.paid_by_bundle:
            return 0, 0
        return self.product.setup_price_micros, self.product.monthly_price_micros

    @property
    def paid_by_bundle(self) -> bool:
        """Whether its price is in that of its bundle."""
        return self.bundle is not None and not self.bundle.product.priced_by_members

    @property
    def answers(self) -> list[tuple[str, Any]]:
        """The product's questions and what was answered; of a secret only whether it was."""
        return [
            (
                one.label,
                getattr(self.form.command, PARAMETER + one.name)
                if not one.secret
                else self.secrets.shown(one),
            )
            for one in self.product.asked
        ]

    def chosen(self, field: str) -> str:
        """In words what was chosen of a field's choices; empty when nothing was."""
        if field not in self.form:
            return ""
        return next((label for _value, label, on in self.form[field].options if on), "")

    def wish(self, part_of: int | None) -> OrderLineInput:
        """The line as the operation takes it; `part_of` is the position of its bundle's line."""
        command = self.form.command
        return OrderLineInput(
            product_code=self.product.code,
            picks={
                name: self.picked[name].number if name in self.picked else None for name in self.product.needs
            },
            parameters={
                one.name: self.secrets.values.get(one.name, "")
                if one.secret
                else getattr(command, PARAMETER + one.name)
                for one in self.product.asked
            },
            site_id=getattr(command, "site_id", None),
            contact_id=getattr(command, "contact_id", None),
            part_of=part_of,
            added_to=getattr(command, ADDED_TO, ""),
            contract=getattr(command, "contract", ""),
        )


@dataclass(frozen=True)
class Total:
    """What the lines in one currency come to."""

    setup: Money
    monthly: Money


def totals(prices: Iterable[tuple[int, int, str]]) -> list[Total]:
    """What prices (set-up and monthly micro-units, currency) come to, per currency. Those without a currency cost nothing."""
    found: dict[str, Total] = {}
    for setup, monthly, currency in prices:
        if currency:
            before = found.get(currency, Total(Money(0, currency), Money(0, currency)))
            found[currency] = Total(
                before.setup + Money(setup, currency), before.monthly + Money(monthly, currency)
            )
    return list(found.values())


#: Under this word an order that was not placed yet is kept for whoever takes it.
DRAFT = "order"


class OrderForm:
    """What is being ordered by one customer. Nothing is booked or held before the order is placed: it travels with the page."""

    id, enctype, danger = "order-form", "application/x-www-form-urlencoded", False

    def __init__(self, page: Page, customer: Customer) -> None:
        self.page = page
        self.customer_number, self._customer_id = customer.number, customer.key
        #: The job that has tried out what was filled in before, if any.
        self.tried = ""
        self.lines: list[EntryLine] = []
        #: Of the customer's contracts those in force, if there are any.
        self.contracts = queries.contracts_in_force(page.ctx, customer.key)
        self.note = Form(OrderNote, csrf_token=page.csrf_token, choices={"contract": self.contracts})
        offered = [(one.code, one.name) for one in queries.products(page.ctx) if one.currency]
        self.further = Form(AddLine, choices={"add_product": offered})
        self.csrf_token = page.csrf_token
        self.action = f"/catalog/orders/review?customer={customer.number}"
        self.submit = str(_("Review"))
        self.cancel = f"/catalog/orders/new?customer={customer.number}"
        self.draft = DRAFT
        self.draft_resume = f"/catalog/orders/details?customer={customer.number}"
        self._sites = customers.sites_of(page.ctx, customer.key)
        self._contacts = customers.contacts_of(page.ctx, customer.key)
        self._templates = tuple(inventory.templates(page.ctx))

    @classmethod
    def posted(cls, page: Page, customer: Customer) -> "OrderForm":
        """The form as it was sent. Raises NotFound for an unknown product, Refused for too many lines."""
        order = cls(page, customer)
        data = page.form_data
        positions = sorted(int(found[1]) for name in data if (found := _LINE.fullmatch(name)))
        placed: dict[str, EntryLine] = {}
        for position in positions:
            code = str(data[f"lines.{position}.{PRODUCT}"])
            bundle = placed.get(str(data.get(f"lines.{position}.{PART_OF}") or ""))
            order.add(queries.product(page.ctx, code), posted_at=position, bundle=bundle)
            placed[str(position + 1)] = order.lines[-1]
        order.note = order.note.parse(data)
        order.tried = str(data.get(TRIED) or "")
        return order

    def choose(self, product: ProductView) -> None:
        """Blank lines for a product: one, or those of a bundle and its parts. Raises Refused when there are too many."""
        self.add(product)
        bundle = self.lines[-1]
        for member in product.members:
            for _one in range(member.quantity):
                self.add(queries.product(self.page.ctx, member.product), bundle=bundle)
        # Whoever orders several often wants the same again.
        self.further.values["add_product"] = product.code

    def add(
        self, product: ProductView, *, posted_at: int | None = None, bundle: EntryLine | None = None
    ) -> None:
        """One more line: blank, or as it was sent at a position. Raises Refused when there are too many."""
        if len(self.lines) >= MAX_LINES:
            raise Refused(
                _("An order has at most {n} lines.", n=MAX_LINES), remedy=_("Place this one first.")
            )
        position = len(self.lines) if posted_at is None else posted_at
        form: Form[BaseModel] = Form(
            order_schema(
                product,
                self._templates,
                bool(self._sites),
                bool(self._contacts),
                contracts=bundle is None and len(self.contracts) > 1,
            ),
            values={"site_id": self._sites[0].id} if len(self._sites) == 1 else {},
            choices={
                "site_id": [(row.id, row.name) for row in self._sites],
                "contact_id": [(row.id, row.name) for row in self._contacts],
                ADDED_TO: self._hosts(product),
                "contract": self.contracts,
            },
            prefix=f"lines.{position}.",
            csrf_token=self.csrf_token,
        )
        secrets = TypedSecrets(self.page.actor.id)
        if posted_at is not None:
            form = form.parse(self.page.form_data)
            secrets.read(product, self.page.form_data, form.prefix)
        form.prefix = f"lines.{len(self.lines)}."
        self.lines.append(EntryLine(product, form, {}, secrets, bundle))
        self.further.values["add_product"] = product.code if bundle is None else bundle.product.code

    def _hosts(self, product: ProductView) -> list[tuple[str, str]]:
        """The services to which an add-on can be added, by number."""
        return [
            (
                one.number,
                f"{one.product_name} · {identifier_text(main_identifier(one.identifiers)) or one.number}",
            )
            for one in queries.hosts_of(self.page.ctx, self._customer_id, product)
        ]

    def add_by_code(self, code: str) -> None:
        """One more line of a product that is on sale; what is wrong with it is said beside the box."""
        try:
            product = queries.product(self.page.ctx, code)
            if product.retired or not product.currency:
                raise Refused(_("“{name}” is not on sale.", name=product.name))
            self.choose(product)
        except TrunklineError as error:
            self.further.refuse("add_product", str(error))

    def remove(self, position: int) -> None:
        """Leave a line out, and of a bundle its parts; the last one stays, and no part goes alone."""
        if not 0 <= position < len(self.lines) or self.lines[position].bundle is not None:
            return
        gone = self.lines[position]
        kept = [line for line in self.lines if line is not gone and line.bundle is not gone]
        if kept:
            self.lines = kept
            for place, line in enumerate(self.lines):
                line.form.prefix = f"lines.{place}."

    def wish(self, key: str) -> PlaceOrder:
        """The order as the operation takes it; sent twice under the same `key`, it is placed once."""
        return PlaceOrder(
            customer_number=self.customer_number,
            lines=[line.wish(self._place_of(line.bundle)) for line in self.lines],
            note=self.note.command.note,
            idempotency_key=key,
            start_after=self.note.command.start_after,
            contract=self.note.command.contract,
        )

    def _place_of(self, bundle: EntryLine | None) -> int | None:
        return next((place for place, one in enumerate(self.lines, start=1) if one is bundle), None)

    @property
    def contract(self) -> str:
        """In words the contract that was chosen; empty without one."""
        return next((label for _value, label, on in self.note["contract"].options if on), "")

    @property
    def several(self) -> bool:
        """Whether there is more than one line, a bundle and its parts counted as one."""
        return sum(1 for line in self.lines if line.bundle is None) > 1

    @property
    def totals(self) -> list[Total]:
        """What it comes to at the prices of now, per currency."""
        return totals((*line.price, line.product.currency) for line in self.lines)

    def forget_errors(self) -> None:
        """Nothing is wrong yet: it is still being filled in."""
        for form in self._forms:
            form.errors.clear()

    def find_items(self) -> None:
        """Look up what was typed as items of stock; what cannot be had is said beside its field."""
        taken: set[int] = set()
        for line in self.lines:
            if not line.product.currency:
                line.form.refuse("", str(_("“{name}” has no price now.", name=line.product.name)))
            for template in line.product.needs:
                field = PICK + template
                typed = str(line.form.values.get(field) or "").strip()
                if not typed:
                    continue
                try:
                    item = free_item(self.page, template, typed)
                    if item.id in taken:
                        raise Refused(
                            _("{item} is chosen on another line.", item=identifier_text(item.label)),
                            remedy=_("Choose another one."),
                        )
                except TrunklineError as error:
                    line.form.refuse(field, str(error))
                else:
                    taken.add(item.id)
                    line.picked[template] = item

    def refuse(self, error: TrunklineError) -> None:
        """Say what the operation refused beside the field of its line: `lines.1.picks.sim` is `pick_sim` of the second."""
        found = _REFUSED_LINE.fullmatch(error.field or "")
        position = int(found[1]) if found else -1
        if found is None or position >= len(self.lines):
            self.note.refuse(error.field, str(error))
            return
        field = found[2]
        for word, prefix in (("picks.", PICK), ("parameters.", PARAMETER)):
            field = prefix + field.removeprefix(word) if field.startswith(word) else field
        self.lines[position].form.refuse(field, str(error))

    @property
    def _forms(self) -> list[Form[Any]]:
        return [*(line.form for line in self.lines), self.note]

    @property
    def valid(self) -> bool:
        """Whether every line can be read."""
        return bool(self.lines) and all(form.valid for form in self._forms)

    @property
    def errors(self) -> list[str]:
        """Everything that is wrong."""
        return [message for form in (*self._forms, self.further) for message in form.errors.values()]

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """(id of the input, label, message) of everything that is wrong; with several lines it says which."""
        found = []
        for number, line in enumerate(self.lines, start=1):
            for key, label, message in line.form.summary:
                text = _("Line {n}: {what}", n=number, what=message) if len(self.lines) > 1 else message
                found.append((key or f"line-{number}", label, str(text)))
        return [*found, *self.further.summary, *self.note.summary]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Which product each line is of, the secrets that were typed, sealed for whoever typed them, and the last dry run."""
        return [
            *((f"{line.form.prefix}{PRODUCT}", line.product.code) for line in self.lines),
            *(
                (f"{line.form.prefix}{PART_OF}", str(self._place_of(line.bundle)))
                for line in self.lines
                if line.bundle is not None
            ),
            *(pair for line in self.lines for pair in line.secrets.hidden(line.form.prefix)),
            *([(TRIED, self.tried)] if self.tried else []),
        ]

    @property
    def fields(self) -> Mapping[str, str]:
        """Everything that was filled in, as hidden fields of the review's buttons."""
        pairs = dict(self.hidden)
        for form in self._forms:
            pairs.update(
                (bound.name, bound.shown)
                for bound in form.fields
                if bound.shown != "" and bound.widget != "password"
            )
        return pairs


def free_item(page: Page, template: str, typed: str) -> ItemView:
    """The free item that was typed by any of its identifiers. Raises NotFound, or Refused when it is not free."""
    item = inventory.find(page.ctx, typed) or inventory.find(page.ctx, f"+{typed.lstrip('+')}")
    if item is None or item.template != template:
        raise NotFound(_("“{value}” is not in stock.", value=typed), remedy=_("Choose one of the list."))
    if item.state is not ItemState.AVAILABLE:
        raise Refused(
            _("{item} is not free.", item=identifier_text(item.label)), remedy=_("Choose another one.")
        )
    return item

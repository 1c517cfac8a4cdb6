"""Interfaces behind which operators swap one part for another. Each hook `<…>s` of `trunkline.hookspecs` returns such objects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from trunkline.money import Money

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Context


@runtime_checkable
class MailTransport(Protocol):
    """Hands one message to whoever carries it. Called in the worker, outside any transaction, maybe twice for one Message-ID."""

    name: str

    def send(self, message: EmailMessage) -> str:
        """Send; returns the carrier's answer for the log. Raises Unavailable to be tried again, Refused for good."""


@runtime_checkable
class CheckedTransport(Protocol):
    """A transport of mails or text messages that can be tried without sending any."""

    def check(self) -> str:
        """Who answered, in words; within ten seconds. Raises Unavailable or Refused."""


@dataclass(frozen=True)
class SmsMessage:
    """A text message on its way. `number` is the same when it is handed over again; `to` is E.164 with `+`."""

    number: str
    to: str
    text: str


@runtime_checkable
class UploadScanner(Protocol):
    """Looks through uploads for what is dangerous, as a virus scanner does."""

    #: Kept on record with what it found.
    name: str

    def scan(self, content: BinaryIO) -> str:
        """What was found, as its signature is called; empty where nothing was.

        Called in the request, outside any unit of work, with the content at its beginning; may take up to half a minute. Raises
        Unavailable when it cannot say (then no file is taken), Refused for what it does not look at.
        """


@runtime_checkable
class SmsTransport(Protocol):
    """Hands one text message to whoever carries it. Called in the worker, outside any transaction, maybe twice for one number."""

    name: str

    def send(self, message: SmsMessage) -> str:
        """Send; returns the carrier's answer for the log. Raises Unavailable to be tried again, Refused for good."""


@dataclass(frozen=True)
class Place:
    """Where something is, in degrees (WGS 84), and what the provider calls it."""

    latitude: float
    longitude: float
    label: str = ""
    #: Not the address itself was found but its street, its town or something like it.
    rough: bool = False


@dataclass(frozen=True)
class AnswerTerms:
    """What a geocoding service demands of those who use its answers."""

    #: Stands beside each answer, in no other words; empty: the provider's name does.
    attribution: str = ""
    #: For how long answers may be kept, coordinates of sites included; then they are asked for again. None: for ever.
    kept: timedelta | None = None
    #: Whether answers may be drawn on the map of another provider.
    on_any_map: bool = True


@runtime_checkable
class GeocodingProvider(Protocol):
    """Says where an address lies. Called in the worker, outside any transaction, one address at a time, maybe twice for one."""

    name: str

    def locate(self, address: str, country: str) -> Place | None:
        """The place of `address` in the country (ISO 3166), None when it is not known.

        Calls out through `trunkline.outbound`. Raises Unavailable to be asked again later, Refused for good.
        """


@runtime_checkable
class TermedGeocodingProvider(GeocodingProvider, Protocol):
    """A provider with a name for people, and with terms; one without has none of either."""

    label: str
    terms: AnswerTerms


@dataclass(frozen=True)
class Vouched:
    """A user whom a provider vouches for. `strong`: the provider asked for two factors itself, so none is asked for here."""

    user_id: int
    strong: bool = False


@runtime_checkable
class SignInProvider(Protocol):
    """Proves who somebody is from the name and the secret of the sign-in page, as a directory does."""

    #: Kept with the session as the way somebody came in.
    name: str

    def verify(self, app: "App", name: str, secret: str) -> Vouched | None:
        """Who has this name and secret; None when the secret is wrong or the name is not this provider's, after the same time.

        Asked when no password kept here was right, outside any unit of work, so that waiting for a network holds no lock.
        Raises Unauthenticated with words of its own only where the secret was right, Unavailable when nobody can be asked.
        """


@dataclass(frozen=True)
class SignInOffer:
    """A button of the sign-in page. `path` takes `?next=` (the page asked for) and, with `again=1`, lets nobody in unasked.

    `farewell`: the page after signing out for those who came in this way; empty for the sign-in page.
    """

    label: str
    path: str
    icon: str = "login"
    farewell: str = ""


@runtime_checkable
class RedirectingProvider(Protocol):
    """Sends people to somebody else who proves who they are, as an identity provider does; its pages end in
    `trunkline.auth.arriving`.
    """

    #: Kept with the session as the way somebody came in.
    name: str

    def offer(self, ctx: "Context") -> SignInOffer | None:
        """The button, or None while nothing is set up. Called for each sign-in page; must not wait for a network."""


@dataclass(frozen=True)
class PaymentRequest:
    """Money wanted from a customer. `key` makes a repeat harmless.

    `method`, `desk`, `note` and `invoices` (numbers to be paid first) are what staff said besides; a provider may ignore them.
    """

    account_number: str
    amount: Money
    key: str
    reference: str = ""
    method: str = ""
    desk: str = ""
    note: str = ""
    invoices: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaymentResult:
    """`settled` money has arrived, and `reference` is the payment's number. Otherwise `reference` is the provider's own, the
    payer goes to `redirect` (a path of this system, or empty) and a notification settles it later."""

    settled: bool
    reference: str
    redirect: str = ""


@runtime_checkable
class PaymentProvider(Protocol):
    """A way to take money."""

    name: str
    label: str
    #: Whether customers may choose it in the portal, or only staff.
    self_service: bool

    def take(self, ctx: "Context", request: PaymentRequest) -> PaymentResult:
        """Take the money or begin to. Raises Refused when it cannot be taken; its `field` is one of the request's.

        Called inside the unit of work of whoever pays, which may yet be rolled back: what leaves the process must be queued in it
        (`jobs.operations.enqueue`, an event, a mail) and be done by the worker after the commit.
        """


@dataclass(frozen=True)
class RefundRequest:
    """Money of a payment to be given back. `key` makes a repeat harmless, and is the refund's number.

    `payment_number` and `payment_reference` name the payment as it was recorded; `method`, `reference` and `reason` are what
    staff said.
    """

    payment_number: str
    payment_reference: str
    amount: Money
    key: str
    method: str = ""
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True)
class RefundResult:
    """`settled` money is with the customer. Otherwise it is on its way, and `trunkline_billing.operations.settle_refund` or
    `fail_refund` says later what became of it. `reference` is the provider's own."""

    settled: bool
    reference: str = ""


@runtime_checkable
class RefundingProvider(Protocol):
    """A `PaymentProvider` that can also give back what it took, in whole or in part."""

    name: str
    label: str

    def refund(self, ctx: "Context", request: RefundRequest) -> RefundResult:
        """Give the money back or begin to. Raises Refused when it cannot be; its `field` is one of the request's.

        Called inside the unit of work of whoever refunds, as `PaymentProvider.take` is: what leaves the process must be queued
        in it.
        """


@dataclass(frozen=True)
class UsageEvent:
    """One use of a service, before rating. Quantities: seconds (voice), bytes (data), messages (sms), events."""

    source: str
    key: str
    type: str
    account: str
    identifier: str
    destination: str
    start: datetime
    quantity: int
    unit: str
    direction: str = "out"
    subject: str = "*any"
    category: str = "call"
    origin_area: str = ""
    carrier: str = ""
    cell: str = ""


@dataclass(frozen=True)
class Segment:
    """A part of a charge rated alike. `rate_nanos` is nano-units of the currency per `rate_unit`."""

    prefix: str
    destination: str
    quantity: int
    charged_quantity: int
    rate_nanos: int
    rate_unit: int
    cost_micros: int


@dataclass(frozen=True)
class Quote:
    """What a use costs and why."""

    cost: Money
    segments: Sequence[Segment]


@dataclass(frozen=True)
class Grant:
    """Quota granted to a session: `units` in the event's unit, until `valid_for` seconds pass; `final` when no more follows."""

    units: int
    valid_for: int
    final: bool
    hold_id: str


@dataclass(frozen=True)
class Rejected:
    """A use that could not be rated, with the field at fault and the reason."""

    event: UsageEvent
    field: str
    reason: str


@runtime_checkable
class ChargingEngine(Protocol):
    """Rates and charges usage, and keeps the accounts that it charges."""

    name: str

    def open_account(self, ctx: "Context", account: str, currency: str, *, prepaid: bool, key: str) -> None:
        """Make the charging account; again changes nothing."""

    def close_account(self, ctx: "Context", account: str, *, key: str) -> None:
        """Remove the charging account; absent is fine."""

    def apply_offer(self, ctx: "Context", account: str, offer: str, *, at: datetime, key: str) -> None:
        """Give the account the allowances of an offer (a product's code) for the period that holds `at`."""

    def quote(self, ctx: "Context", event: UsageEvent, *, tariff: str) -> Quote:
        """What the use would cost. Raises Refused when no rate matches."""

    def rate_batch(self, ctx: "Context", events: Iterable[UsageEvent]) -> Sequence[Rejected]:
        """Rate, store and charge; those refused come back. An event already taken (source, key) changes nothing."""

    def authorize(self, ctx: "Context", event: UsageEvent) -> Grant:
        """What quota the use would get, without holding anything."""

"""An operator of any size, made by bulk inserts beside the operations: what a console is measured on.

It has as many individual customers as asked for, each with a phone, a tax id and an e-mail address, and two mobile services each
with a number and a SIM. Names are drawn so that a few are very common and most are rare, as in life. Nothing has a history: no
orders, no charges, no activity.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, count
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from benchmarks.bulk import Bulk, loading
from benchmarks.search_at_size import fill_index

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.plugin import SearchDocument
    from trunkline.search.folding import Entries

#: Customers per transaction.
_BLOCK = 20_000
_FIRST = (
    "an",
    "bre",
    "ca",
    "da",
    "e",
    "fer",
    "gui",
    "he",
    "i",
    "jo",
    "ka",
    "le",
    "mar",
    "ni",
    "o",
    "pa",
    "ra",
    "sa",
    "te",
    "vi",
    "ze",
)
_MIDDLE = ("", "be", "ci", "do", "ga", "li", "ma", "na", "ri", "ro", "ta", "va")
_LAST = ("a", "ão", "do", "el", "és", "ia", "na", "o", "ra", "son", "to", "za")  # fmt: skip
#: Tags by how many customers wear them: one in ten, in a thousand, and in fifty thousand.
TAGS = {"common": 10, "seldom": 1_000, "rare": 50_000}
#: Products by how many services are of them; all others are the first.
PRODUCTS = {"mobile": 1, "seldom": 1_000, "rare": 50_000}
_TABLES = ("core_customer", "catalog_service", "core_customer_tag", "catalog_identifier")
T = TypeVar("T")
_BEGAN = datetime(2019, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Facts:
    """What the customer at a place of the sequence is called and reached by."""

    name: str
    phone: str
    tax_id: str
    email: str
    iccids: tuple[str, str]
    msisdns: tuple[str, str]


def _names(random: Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        parts = [random.choice(_FIRST), *(random.choice(_MIDDLE) for _ in range(random.randint(1, 3)))]
        found["".join([*parts, random.choice(_LAST)]).capitalize()] = None
    return list(found)


class People:
    """Who the customers are; the same for the same place, whatever the size."""

    def __init__(self) -> None:
        random = Random(7)
        self._given, self._family = _names(random, 600), _names(random, 6000)

    def at(self, place: int) -> Facts:
        """The customer at a place, from 1."""
        random = Random(place)
        given = self._drawn(random, self._given)
        families = [self._drawn(random, self._family) for _ in range(random.randint(1, 3))]
        area = random.choice(("11", "21", "31", "41", "47", "48", "51", "54"))
        return Facts(
            name=" ".join((given, *families)),
            phone=f"+55{area}9{place * 7919 % 10**8:08d}",
            tax_id=f"{place * 104_729 % 10**11:011d}",
            email=f"{given}.{families[-1]}.{place}@correio.example".lower(),
            iccids=(f"895599{place * 2:013d}", f"895599{place * 2 + 1:013d}"),
            msisdns=(f"+55{area}8{place * 6007 % 10**8:08d}", f"+55{area}7{place * 3571 % 10**8:08d}"),
        )

    @staticmethod
    def _drawn(random: Random, names: Sequence[str]) -> str:
        """One of the names; the first are far more common than the last."""
        return names[int(len(names) * random.random() ** 3)]


def fill(app: "App", customers: int, progress: Callable[[str], None]) -> None:
    """Insert so many customers and twice as many services into an empty, migrated database; index them."""
    from trunkline_catalog import operations as catalog
    from trunkline_catalog.schemas import CreateProduct

    with app.unit_of_work() as ctx:
        products = [
            catalog.create_product(
                ctx,
                CreateProduct.model_validate(
                    {"code": code, "name": code.capitalize(), "monthly_price": "50", "currency": "BRL"}
                ),
            )
            for code in PRODUCTS
        ]
        product_ids = [int(getattr(one, "id")) for one in products]  # noqa: B009 — a row or a view of it
    people, keys = People(), count(1)
    # What was made so far is no garbage: looking through it again and again takes as long as the rows do.
    gc.freeze()
    with loading(app, *_TABLES) as bulk:
        for first in range(1, customers + 1, _BLOCK):
            block = [(place, people.at(place)) for place in range(first, min(first + _BLOCK, customers + 1))]
            for table, rows in (
                ("core_customer", _customers(block)),
                ("catalog_service", _services(block, product_ids)),
                ("core_customer_tag", _tags(block, keys)),
                ("catalog_identifier", _identifiers(block)),
            ):
                _put(bulk, table, rows)
        progress("tables filled")
    progress("tables indexed")
    _settle(app)
    fill_index(app, {"service": _indexed_services}, progress)
    _settle(app)
    progress("ready")


def _put(bulk: Bulk, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows, None)
    if first is not None:
        bulk.put(table, list(first), (list(row.values()) for row in chain((first,), rows)))


def _settle(app: "App") -> None:
    """Do what PostgreSQL does by itself within minutes. SQLite is left as it is in most installations: without statistics."""
    if app.database.is_sqlite:
        return
    with app.database.engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        autocommit.exec_driver_sql("VACUUM ANALYZE")


def _record(place: int) -> dict[str, Any]:
    at = _BEGAN + timedelta(minutes=place * 2)
    return {"id": place, "created_at": at, "updated_at": at, "version": 1}


#: Customers by their place in the sequence.
Block = Sequence[tuple[int, Facts]]


def _customers(block: Block) -> Iterator[dict[str, Any]]:
    for place, facts in block:
        yield _record(place) | {
            "number": f"C{place:06d}",
            "kind": "business" if place % 2_000 == 0 else "individual",
            "status": ("active", "active", "active", "suspended", "pending", "closed")[place % 6],
            "name": facts.name,
            "legal_name": "",
            "tax_id": facts.tax_id,
            "tax_key": f":BR:{facts.tax_id}",
            "country": "BR",
            "email": facts.email,
            "phone": facts.phone,
            "language": "",
            "identity_document": "",
            "state_registration": "",
            "website": "",
            "notes": "",
        }


def _services(block: Block, product_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    for place, facts in block:
        for second, label in enumerate(facts.msisdns):
            key = place * 2 - 1 + second
            yield _record(key) | {
                "number": f"S{key:06d}",
                "customer_id": place,
                "product_id": _one_in(key, PRODUCTS, product_ids),
                "state": "failed" if key % 5_000 == 0 else "active",
                "suspended": key % 30 == 0,
                "covered": False,
                "activated_at": _BEGAN + timedelta(minutes=key),
                "label": label,
                "parameters": {},
                "secret_values": {},
                "switches": [],
            }


def _one_in(key: int, shares: dict[str, int], values: Sequence[T]) -> T:
    """The value whose turn it is: of each share one in so many."""
    return next(
        value
        for value, share in reversed(list(zip(values, shares.values(), strict=True)))
        if key % share == 0
    )


def _tags(block: Block, keys: Iterator[int]) -> Iterator[dict[str, Any]]:
    for place, _facts in block:
        for text, share in TAGS.items():
            if place % share == 0:
                yield _record(next(keys)) | {"customer_id": place, "text": text, "colour": "blue", "link": ""}


def _identifiers(block: Block) -> Iterator[dict[str, Any]]:
    for place, facts in block:
        for second, pair in enumerate(zip(facts.msisdns, facts.iccids, strict=True)):
            service = place * 2 - 1 + second
            for third, (kind, value) in enumerate(zip(("msisdn", "iccid"), pair, strict=True)):
                yield {
                    "id": service * 2 - 1 + third,
                    "service_id": service,
                    "kind": kind,
                    "value": value,
                    "valid_from": _BEGAN,
                }


def _indexed_services(
    ids: Sequence[int],
) -> "Sequence[tuple[SearchDocument, Entries]]":
    """What the search makes of these services."""
    from trunkline.plugin import SearchDocument
    from trunkline.search.folding import Entries, is_name

    found = []
    for key in ids:
        place, second = (key + 1) // 2, 1 - key % 2
        facts = _known(place)
        number, msisdn, iccid = f"S{key:06d}", facts.msisdns[second], facts.iccids[second]
        product = _one_in(key, PRODUCTS, list(PRODUCTS))
        document = SearchDocument(
            kind="service",
            id=key,
            title=msisdn,
            subtitle=f"{product.capitalize()} · {facts.name} · {number}",
            path=f"/catalog/services/{number}",
            permission="catalog.service.view",
            terms=[number, msisdn, iccid],
            digits=[msisdn, msisdn, iccid],
            customer_id=place,
            icon="device-mobile",
        )
        phone, serial, words = msisdn[1:], number[1:], _folded(facts.name)
        long = (phone, serial, iccid)
        keys = [*long, product, number.lower(), msisdn, phone[2:], *("<" + one[::-1] for one in long)]
        names = frozenset(word for word in (product, *words) if is_name(word))
        text = " ".join((product, *words, number.lower(), *long))
        found.append((document, Entries(phone, keys, text, " ".join(long), names)))
    return found


@lru_cache(maxsize=1)
def _people() -> People:
    return People()


@lru_cache(maxsize=4)
def _known(place: int) -> Facts:
    return _people().at(place)


@lru_cache(maxsize=4)
def _folded(name: str) -> tuple[str, ...]:
    from trunkline.search.folding import words

    return tuple(dict.fromkeys(words(name)))

"""An operator of any size, made by bulk inserts beside the operations: what a console is measured on.

It has as many individual customers as asked for, each with a phone, a tax id and an e-mail address, and two mobile services each
with a number and a SIM. Names are drawn so that a few are very common and most are rare, as in life. Nothing has a history: no
orders, no charges, no activity.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table
from sqlmodel import SQLModel

if TYPE_CHECKING:
    from trunkline.app import App

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
    from trunkline.search.indexing import rebuild
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
    for first in range(1, customers + 1, _BLOCK):
        block = [(place, people.at(place)) for place in range(first, min(first + _BLOCK, customers + 1))]
        with app.database.write() as session:
            for table, rows in (
                ("core_customer", _customers(block)),
                ("catalog_service", _services(block, product_ids)),
                ("core_customer_tag", _tags(block, keys)),
                ("catalog_identifier", _identifiers(block)),
            ):
                _put(session.connection(), SQLModel.metadata.tables[table], list(rows))
    progress("tables filled")
    _analyze(app)
    rebuild(
        app, lambda kind, done, of: progress(f"{kind}: {done:,} of {of:,} indexed") if done == of else None
    )
    _analyze(app)


def _put(connection: Connection, table: Table, batch: Sequence[dict[str, Any]]) -> None:
    if not batch:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(table.insert(), batch)
        return
    driver: Any = connection.connection.driver_connection
    names = ", ".join(batch[0])
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in batch:
            copy.write_row([json.dumps(one) if isinstance(one, dict | list) else one for one in row.values()])


def _analyze(app: "App") -> None:
    with app.database.engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        autocommit.exec_driver_sql("ANALYZE")


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
                "activated_at": _BEGAN + timedelta(minutes=key),
                "label": label,
                "parameters": {},
                "switches": [],
            }


def _one_in(key: int, shares: dict[str, int], values: Sequence[int]) -> int:
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

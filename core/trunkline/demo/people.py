"""Who the sample operator's customers are: names, companies, tax ids, addresses and ways to reach them."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from trunkline.demo.places import Address, draw_address, draw_landline, draw_mobile
from trunkline.demo.taxids import draw_cnpj, draw_cpf

_WOMEN = (
    "Ana", "Beatriz", "Camila", "Carla", "Daniela", "Débora", "Eduarda", "Fernanda", "Gabriela", "Helena",
    "Isabela", "Juliana", "Karina", "Larissa", "Letícia", "Luana", "Luciana", "Mariana", "Michele",
    "Natália", "Patrícia", "Rafaela", "Renata", "Sabrina", "Simone", "Tatiane", "Vanessa", "Vitória",
    "Yasmin",
)  # fmt: skip
_MEN = (
    "Alexandre", "André", "Antônio", "Bruno", "Caio", "Carlos", "Daniel", "Diego", "Eduardo", "Fábio",
    "Felipe", "Fernando", "Gustavo", "Henrique", "Igor", "João", "José", "Leandro", "Leonardo", "Lucas",
    "Marcelo", "Mateus", "Otávio", "Paulo", "Rafael", "Ricardo", "Rodrigo", "Thiago", "Vinícius",
)  # fmt: skip
_FAMILIES = (
    "Almeida", "Alves", "Andrade", "Azevedo", "Barbosa", "Becker", "Bianchi", "Borges", "Cardoso",
    "Carvalho", "Costa", "da Rosa", "da Silva", "de Lima", "de Oliveira", "dos Santos", "Dutra", "Farias",
    "Fernandes", "Ferreira", "Fontana", "Freitas", "Gomes", "Gonçalves", "Hoffmann", "Kowalski", "Lopes",
    "Machado", "Martins", "Mendes", "Menezes", "Moreira", "Müller", "Nunes", "Pacheco", "Pereira", "Pinto",
    "Ramos", "Ribeiro", "Rocha", "Rodrigues", "Rossi", "Schmidt", "Schneider", "Silveira", "Souza",
    "Teixeira", "Vargas", "Vieira", "Weber", "Zanella",
)  # fmt: skip
_TRADES = (
    "Padaria", "Farmácia", "Mercado", "Clínica", "Transportes", "Oficina", "Pousada", "Escritório",
    "Auto Peças", "Ótica", "Livraria", "Laticínios", "Vinícola", "Malharia", "Metalúrgica", "Imobiliária",
    "Academia", "Restaurante", "Floricultura", "Construtora", "Agropecuária", "Cervejaria", "Papelaria",
    "Contabilidade",
)  # fmt: skip
_SIGNS = (
    "Estrela do Sul", "Serra Gaúcha", "Bela Vista", "Litoral", "Araucária", "Três Irmãos", "Nova Aliança",
    "Sol Nascente", "Vale Verde", "Santo Antônio", "Horizonte", "Pampa", "Quatro Estações", "Ponte Alta",
    "Recanto", "Campos Gerais", "Dona Francisca", "Lagoa Azul", "Rio Branco", "Central",
)  # fmt: skip
_PRIVATE_DOMAINS = ("correio.example", "caixapostal.example", "mensageiro.example")


@dataclass(frozen=True)
class Person:
    """A contact of a customer. `roles` are those of `trunkline.customers`."""

    name: str
    email: str
    phone: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class SampleCustomer:
    """What the registration of one customer asks for. Addresses under .example reach nobody (RFC 2606)."""

    kind: str
    name: str
    legal_name: str
    tax_id: str
    email: str
    phone: str
    address: Address
    contacts: tuple[Person, ...]
    lines: int
    segment: str


def plain(text: str) -> str:
    """Lower-case ASCII letters and digits of a text, words joined by dots."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return ".".join("".join(c for c in word if c.isalnum()) for word in ascii_only.split())


def draw_name(random: Random) -> str:
    """A full name with one or two family names."""
    first = random.choice(random.choice((_WOMEN, _MEN)))
    families = random.sample(_FAMILIES, 2 if random.random() < 0.6 else 1)
    return " ".join([first, *families])


def customers(seed: int, count: int) -> Iterator[SampleCustomer]:
    """`count` customers, one in four a company, without a tax id or e-mail address twice."""
    random = Random(f"{seed}:customers")  # noqa: S311 — sample data, no secret
    taken: set[str] = set()
    for position in range(count):
        draw = _company if position % 4 == 3 else _individual
        yield draw(random, taken)


def _unused(random: Random, taken: set[str], stem: str, domain: str) -> str:
    address = f"{stem}@{domain}"
    while address in taken:
        address = f"{stem}{random.randrange(2, 99)}@{domain}"
    taken.add(address)
    return address


def _individual(random: Random, taken: set[str]) -> SampleCustomer:
    name, address = draw_name(random), draw_address(random)
    tax_id = draw_cpf(random)
    while tax_id in taken:
        tax_id = draw_cpf(random)
    taken.add(tax_id)
    words = name.split()
    email = _unused(random, taken, plain(f"{words[0]} {words[-1]}"), random.choice(_PRIVATE_DOMAINS))
    return SampleCustomer(
        kind="individual",
        name=name,
        legal_name="",
        tax_id=tax_id,
        email=email,
        phone=draw_mobile(random, address.area_code),
        address=address,
        contacts=(),
        lines=random.choices((1, 2, 3), weights=(80, 15, 5))[0],
        segment="residential",
    )


def _company(random: Random, taken: set[str]) -> SampleCustomer:
    address = draw_address(random)
    name = f"{random.choice(_TRADES)} {random.choice(_SIGNS)}"
    while name in taken:
        name = (
            f"{random.choice(_TRADES)} {random.choice(_SIGNS)} {random.choice(_FAMILIES).removeprefix('da ')}"
        )
    tax_id = draw_cnpj(random)
    while tax_id in taken:
        tax_id = draw_cnpj(random)
    taken |= {name, tax_id}
    domain = f"{plain(name).replace('.', '')}.example"
    people = []
    for roles in (("owner", "billing"), ("technical",))[: random.choice((1, 2, 2))]:
        who = draw_name(random)
        reached = _unused(random, taken, plain(who.split()[0]), domain)
        people.append(Person(who, reached, draw_mobile(random, address.area_code), roles))
    return SampleCustomer(
        kind="business",
        name=name,
        legal_name=f"{name} Ltda.",
        tax_id=tax_id,
        email=_unused(random, taken, "contato", domain),
        phone=draw_landline(random, address.area_code),
        address=address,
        contacts=tuple(people),
        lines=random.choices((1, 2, 3, 5, 8), weights=(35, 25, 20, 14, 6))[0],
        segment="company",
    )

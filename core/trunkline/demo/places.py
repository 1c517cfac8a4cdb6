"""Cities and streets of the three southern states, with their area codes and postal ranges."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class City:
    """A city; `postal_from` is the first postal code of its centre, `weight` its share of the customers."""

    name: str
    state: str
    area_code: str
    postal_from: int
    latitude: float
    longitude: float
    weight: int


CITIES = (
    City("Porto Alegre", "RS", "51", 90010, -30.0331, -51.2300, 16),
    City("Canoas", "RS", "51", 92010, -29.9178, -51.1836, 6),
    City("Novo Hamburgo", "RS", "51", 93310, -29.6783, -51.1306, 5),
    City("Gravataí", "RS", "51", 94010, -29.9440, -50.9920, 4),
    City("Caxias do Sul", "RS", "54", 95010, -29.1681, -51.1794, 8),
    City("Passo Fundo", "RS", "54", 99010, -28.2628, -52.4067, 4),
    City("Pelotas", "RS", "53", 96010, -31.7719, -52.3425, 5),
    City("Santa Maria", "RS", "55", 97010, -29.6842, -53.8069, 5),
    City("Florianópolis", "SC", "48", 88010, -27.5954, -48.5480, 9),
    City("São José", "SC", "48", 88101, -27.6136, -48.6366, 5),
    City("Criciúma", "SC", "48", 88801, -28.6775, -49.3697, 3),
    City("Joinville", "SC", "47", 89201, -26.3045, -48.8487, 8),
    City("Blumenau", "SC", "47", 89010, -26.9194, -49.0661, 6),
    City("Chapecó", "SC", "49", 89801, -27.1004, -52.6152, 4),
    City("Curitiba", "PR", "41", 80010, -25.4284, -49.2733, 14),
    City("Ponta Grossa", "PR", "42", 84010, -25.0945, -50.1633, 3),
    City("Londrina", "PR", "43", 86010, -23.3103, -51.1628, 6),
    City("Maringá", "PR", "44", 87010, -23.4205, -51.9331, 5),
    City("Cascavel", "PR", "45", 85801, -24.9555, -53.4552, 4),
)

_STREETS = (
    "Rua das Acácias", "Rua Sete de Setembro", "Avenida Brasil", "Rua Marechal Floriano",
    "Rua Quinze de Novembro", "Avenida Getúlio Vargas", "Rua Bento Gonçalves", "Rua General Osório",
    "Rua Tiradentes", "Rua dos Ipês", "Rua Duque de Caxias", "Avenida Independência", "Rua Santos Dumont",
    "Rua Voluntários da Pátria", "Rua do Comércio", "Rua Felipe Schmidt", "Rua dos Andradas",
    "Avenida Borges de Medeiros", "Rua Coronel Bordini", "Rua Visconde de Taunay", "Rua Dr. Pedrosa",
    "Rua Padre Anchieta", "Travessa das Araucárias", "Rua Monte Castelo", "Alameda dos Jacarandás",
)  # fmt: skip
_COMPLEMENTS = ("", "", "", "apto 101", "apto 204", "apto 302", "apto 503", "casa 2", "fundos")


@dataclass(frozen=True)
class Address:
    """Where somebody lives or works."""

    street: str
    city: str
    state: str
    postal_code: str
    country: str
    latitude: float
    longitude: float
    area_code: str


def draw_address(random: Random) -> Address:
    """A believable address within a few kilometres of the city's centre."""
    city = random.choices(CITIES, weights=[city.weight for city in CITIES])[0]
    parts = [f"{random.choice(_STREETS)}, {random.randrange(12, 2890)}", random.choice(_COMPLEMENTS)]
    return Address(
        street=", ".join(part for part in parts if part),
        city=city.name,
        state=city.state,
        postal_code=f"{city.postal_from + random.randrange(0, 60):05d}-{random.randrange(0, 900):03d}",
        country="BR",
        latitude=round(city.latitude + random.uniform(-0.03, 0.03), 5),
        longitude=round(city.longitude + random.uniform(-0.03, 0.03), 5),
        area_code=city.area_code,
    )


def draw_mobile(random: Random, area_code: str) -> str:
    """A mobile number in E.164: nine digits after the area code, the first of them 9 (Anatel)."""
    return f"+55{area_code}99{random.randrange(1_000_000, 9_999_999)}"


def draw_landline(random: Random, area_code: str) -> str:
    """A fixed-line number in E.164: eight digits that begin with 3."""
    return f"+55{area_code}3{random.randrange(200_0000, 599_9999)}"

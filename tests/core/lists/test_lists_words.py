"""Lists speak the reader's language in their menus and in the files that are made of them."""

from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.schemas import RegisterCustomer
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


@pytest.fixture
def brazilian(staff: Staff) -> Browser:
    """An administrator who reads Portuguese."""
    browser = staff("administrator")
    browser.submit("/profile", {"name": "Ana Souza", "language": "pt_BR"})
    return browser


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/customers", ("Ativo", "Suspenso", "Encerrado")),
        ("/emails", ("Enviado", "Falhou")),
        ("/text-messages", ("Enviado", "Falhou")),
    ],
)
def test_the_states_of_a_filter_are_in_the_readers_language(
    brazilian: Browser, path: str, words: tuple[str, ...]
) -> None:
    shown = brazilian.get(path).text
    menu = shown.partition('-filters"')[2]
    assert [word for word in words if word not in menu] == []
    assert [word for word in ("Active", "Suspended", "Sent<", "Failed") if word in menu] == []


def test_a_file_is_headed_in_the_readers_language(app: App, brazilian: Browser) -> None:
    with app.unit_of_work() as ctx:
        operations.register(ctx, RegisterCustomer.model_validate({"kind": "business", "name": "Padaria"}))
    text = brazilian.get("/customers?export=csv").text
    assert text.splitlines()[0].lstrip("\ufeff").split(",")[:3] == ["Nome", "Razão social", "Número"]

"""The OpenAPI document and the routes behind it are made when they are asked for, and say the same however they are made."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from trunkline.app import App
from trunkline.config import Config
from trunkline.rest.document import Document, written
from trunkline.setup import ready_app
from trunkline.testing import Browser
from trunkline.web.app import make_web


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """A system as its configuration file has it, which another process can read."""
    file = tmp_path / "trunkline.toml"
    file.write_text(
        f'data = "{tmp_path / "data"}"\noperator_name = "Fibra Açaí"\nplugins = ["inventory", "catalog"]\n'
    )
    monkeypatch.setenv("TRUNKLINE_CONFIG", str(file))
    return ready_app(Config.load())


def test_another_process_writes_the_same_document(installed: App) -> None:
    with TestClient(make_web(installed, rest_later=True, document_apart=True)) as programs:
        answer = programs.get("/api/v1/openapi.json")
        assert answer.content == written(installed)
        assert answer.headers["content-encoding"] == "gzip"
        plain = programs.get("/api/v1/openapi.json", headers={"Accept-Encoding": "identity"})
        assert plain.content == answer.content
        assert "content-encoding" not in plain.headers
    told = answer.json()
    assert told["info"]["title"] == "Fibra Açaí API"
    assert told["servers"] == [{"url": "/api/v1"}]
    assert "/catalog/products" in told["paths"]
    installed.close()


def test_when_no_other_process_can_write_it_this_one_does(
    installed: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    document = Document(installed, apart=True).read()
    assert document == json.loads(written(installed))
    assert "could write the OpenAPI document" in caplog.text
    installed.close()


def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_takes(
    make_client: Callable[[], Browser],
) -> None:
    client = make_client()
    for path, allowed in (("/customers", "GET, POST"), ("/customers/C000001", "GET, PATCH")):
        refused = client.put(f"/api/v1{path}")
        assert refused.status_code == 405
        assert refused.headers["allow"] == allowed
        assert refused.headers["content-type"] == "application/problem+json"


def test_every_operation_says_what_it_does_and_no_name_tells_where_its_code_lies(app: App) -> None:
    document = json.loads(written(app))
    told = {
        f"{method} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert [name for name, operation in told.items() if not operation.get("description")] == []
    assert [name for name in document["components"]["schemas"] if name.startswith("trunkline")] == []
    assert {tag for operation in told.values() for tag in operation["tags"] if tag != tag.lower()} == set()

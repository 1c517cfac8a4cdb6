"""A system whose people are in a real directory."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.services.openldap import BASE, READER, READER_PASSWORD, OpenLdap, openldap
from trunkline.app import App
from trunkline.settings import operations as settings


@pytest.fixture(scope="module")
def directory() -> Iterator[OpenLdap]:
    """slapd with people, nested groups and disabled accounts."""
    with openldap() as running:
        yield running


@pytest.fixture
def set_up(app: App, directory: OpenLdap) -> Callable[..., None]:
    """`set_up()` names the directory in the settings; keywords change some of them."""

    def save(**changes: Any) -> None:
        values = {
            "servers": directory.address,
            "ca_certificate": directory.ca,
            "bind_dn": READER,
            "bind_password": READER_PASSWORD,
            "user_base": f"ou=people,{BASE}",
            "group_base": f"ou=groups,{BASE}",
            "role_map": f"customer_care: CN=care, ou=groups,{BASE}\naccountant: books",
            **changes,
        }
        with app.unit_of_work() as ctx:
            settings.save(ctx, "ldap", values)

    return save

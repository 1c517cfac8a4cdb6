"""What the settings of the directory refuse, and in which words."""

from collections.abc import Callable

import pytest

from trunkline.testing import Browser

pytestmark = pytest.mark.plugins("ldap")


@pytest.mark.parametrize(
    "certificate",
    [
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "—–BEGIN CERTIFICATE—–\nMIIB\n—–END CERTIFICATE—–",
    ],
)
def test_what_is_no_certificate_is_refused_beside_its_field(
    staff: Callable[..., Browser], certificate: str
) -> None:
    refused = staff().submit("/settings/ldap", {"ca_certificate": certificate})
    assert refused.status_code == 422
    field = refused.text.partition('id="f-ca_certificate-error"')[2]
    assert "It is no certificate in PEM" in field.partition("</p>")[0]

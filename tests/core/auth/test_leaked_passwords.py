"""Passwords that others have lost already are refused, from the list that comes with zxcvbn."""

import pytest
from zxcvbn.matching import RANKED_DICTIONARIES

from trunkline.auth.passwords import check_new
from trunkline.errors import Refused

#: Among the first of every published collection of leaked passwords, and what people make of them.
_WELL_KNOWN = (
    "1234567890",
    "password123",
    "qwertyuiop",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "iloveyou123",
    "basketball",
    "P@ssw0rd123",
    "Password2026",
    "liverpool1",
    "administrator",
    "qwerty123456",
)


@pytest.mark.parametrize("password", _WELL_KNOWN)
def test_a_well_known_password_is_refused(password: str) -> None:
    with pytest.raises(Refused, match="among the first that anybody would try"):
        check_new(password, least=10, personal=[])


def test_no_leaked_password_of_the_list_gets_through() -> None:
    leaked = [one for one in RANKED_DICTIONARIES["passwords"] if len(one) >= 10]
    assert len(leaked) > 1000
    for password in leaked[::10]:
        with pytest.raises(Refused):
            check_new(password, least=10, personal=[])


def test_words_that_do_not_belong_together_are_taken() -> None:
    check_new("copper lantern sideways 9", least=10, personal=["ana@example.com"])

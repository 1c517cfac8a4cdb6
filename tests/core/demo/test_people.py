"""The sample customers: believable, valid and the same each time."""

import phonenumbers
import pytest
from stdnum.br import cnpj, cpf

from trunkline.demo.people import customers, plain

COUNT = 500


def test_the_same_seed_gives_the_same_people() -> None:
    assert list(customers(7, 40)) == list(customers(7, 40))
    assert list(customers(7, 40)) != list(customers(8, 40))


def test_more_customers_begin_with_the_same_ones() -> None:
    assert list(customers(1, 60))[:40] == list(customers(1, 40))


def test_every_tax_id_passes_its_check_digits_and_is_unique() -> None:
    people = list(customers(1, COUNT))
    for person in people:
        valid = cnpj.is_valid if person.kind == "business" else cpf.is_valid
        assert valid(person.tax_id), person
    assert len({person.tax_id for person in people}) == COUNT


def test_every_telephone_number_is_valid_in_brazil() -> None:
    for person in customers(1, COUNT):
        numbers = [person.phone, *(contact.phone for contact in person.contacts)]
        for number in numbers:
            assert phonenumbers.is_valid_number(phonenumbers.parse(number)), number


def test_no_mail_can_reach_a_stranger() -> None:
    people = list(customers(1, COUNT))
    addresses = [person.email for person in people] + [c.email for person in people for c in person.contacts]
    assert all(address.endswith(".example") for address in addresses)
    assert len(set(addresses)) == len(addresses)


def test_five_hundred_customers_want_about_eight_hundred_services() -> None:
    people = list(customers(1, COUNT))
    assert 740 <= sum(person.lines for person in people) <= 860
    assert sum(person.kind == "business" for person in people) == COUNT // 4


@pytest.mark.parametrize(
    ("text", "expected"), [("João Müller", "joao.muller"), ("Ótica do Zé", "otica.do.ze")]
)
def test_addresses_hold_no_accents(text: str, expected: str) -> None:
    assert plain(text) == expected

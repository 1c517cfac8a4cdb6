"""Names with signs that nobody sees, and telephone numbers with more than a number, as they are pasted."""

import pytest
from pydantic import ValidationError

from trunkline.customers.identity import check_phone
from trunkline.customers.schemas import ContactData
from trunkline.errors import Refused


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("Ana\u202eazuoS", "AnaazuoS"),
        ("\ufeffAna\u200b Souza", "Ana Souza"),
        ("Ana\nSouza\t Weber", "Ana Souza Weber"),
        ("👩‍💻 Studio", "👩‍💻 Studio"),
        ("مريم العبد الله", "مريم العبد الله"),
        ("Æ", "Æ"),
    ],
)
def test_a_name_keeps_what_is_seen(pasted: str, kept: str) -> None:
    assert ContactData(name=pasted).name == kept


@pytest.mark.parametrize("unseen", ["\u200b\u200b", "\u202e", " \ufeff ", "\u200d", "\u200f"])
def test_a_name_of_which_nothing_is_seen_is_none(unseen: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        ContactData(name=unseen)


@pytest.mark.parametrize("pasted", ["51 3222-1000 ext. 12", "+55 51 3222-1000 x12", "+55 51 99700-0001 Jo"])
def test_a_number_with_an_extension_or_a_word_is_refused_instead_of_shortened(pasted: str) -> None:
    with pytest.raises(Refused, match="has more than the number") as refused:
        check_phone(pasted, "BR")
    assert refused.value.field == "phone"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("(51) 99700-0001", "+5551997000001"),
        ("tel:+55-51-3222-1000", "+555132221000"),
        ("1 800 FLOWERS", "+18003569377"),
    ],
)
def test_a_number_alone_is_taken_however_it_is_written(typed: str, kept: str) -> None:
    assert check_phone(typed, "US" if typed.endswith("FLOWERS") else "BR") == kept

"""Which countries there are, and what a reader finds in their list."""

from trunkline.countries import country_choices, country_codes
from trunkline.i18n import use_locale


def test_the_countries_are_the_249_of_iso_3166() -> None:
    assert len(country_codes()) == 249
    assert {"BR", "PT", "TW", "AX"} <= country_codes()
    assert not {"EU", "XK", "XA", "ZZ", "419"} & country_codes()


def test_a_reader_finds_countries_in_their_language_and_its_order_after_the_operators() -> None:
    with use_locale("pt_BR"):
        listed = country_choices("BR")
    assert listed[:3] == [("BR", "Brasil"), ("AF", "Afeganistão"), ("ZA", "África do Sul")]
    assert len({code for code, _name in listed}) == len(listed) == 249

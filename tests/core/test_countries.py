"""Which countries there are, and what a reader finds in their list."""

from babel import Locale
from babel.core import get_global

from trunkline.countries import country_choices, country_codes
from trunkline.i18n import babel_locale, use_locale


def test_the_countries_are_the_249_of_iso_3166() -> None:
    assert len(country_codes()) == 249
    assert {"BR", "PT", "TW", "AX"} <= country_codes()
    assert not {"EU", "XK", "XA", "ZZ", "419"} & country_codes()


def test_a_reader_finds_countries_in_their_language_and_its_order_after_the_operators() -> None:
    with use_locale("pt_BR"):
        listed = country_choices("BR")
    assert listed[:3] == [("BR", "Brasil"), ("AF", "Afeganistão"), ("ZA", "África do Sul")]
    assert len({code for code, _name in listed}) == len(listed) == 249


def test_only_guesses_at_languages_without_words_are_forgotten() -> None:
    babel_locale("pt_BR")
    assert str(Locale.parse("zh_TW")) == "zh_Hant_TW"
    assert str(Locale.parse("und_BR")) == "pt_BR"
    assert "aak" not in get_global("likely_subtags")

"""What queries return is compared and kept by what it says, as any value is."""

from trunkline.read_model import read_model


@read_model
class _Seat:
    row: int
    place: str = "aisle"


def test_two_that_say_the_same_are_one() -> None:
    assert _Seat(4) == _Seat(row=4, place="aisle")
    assert {_Seat(4): "taken"}[_Seat(4)] == "taken"


def test_two_that_differ_in_anything_are_two() -> None:
    assert len({_Seat(4), _Seat(5), _Seat(4, "window")}) == 3

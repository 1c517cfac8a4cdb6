"""What the second of two who edit one text reads of what the first made of it."""

import pytest
from pydantic import BaseModel, Field

from trunkline.web.forms import Form


class Letter(BaseModel):
    text: str = Field("", title="Text", json_schema_extra={"widget": "textarea"})


@pytest.mark.parametrize(
    ("yours", "theirs", "said"),
    [
        (
            "Dear Ana,\r\n\r\nYours, B",
            "Dear Ana,\n\nYours, A",
            "Text: now “Yours, A” in place of your “Yours, B”.",
        ),
        (
            "Dear Ana,\r\nYours",
            "Dear Ana,\nSoon more.\nYours",
            "Text: now “Soon more.” in place of your “–”.",
        ),
        ("Dear Ana,\r\n  Yours\r\nB", "Dear Ana,", "Text: now “–” in place of your “Yours / B”."),
    ],
)
def test_of_a_text_of_several_lines_those_are_shown_that_differ(yours: str, theirs: str, said: str) -> None:
    form = Form(Letter, {"text": "Dear Ana,\n\nYours"}, version=1).parse({"version": "1", "text": yours})
    form.clash({"text": theirs, "version": 2})
    assert form.errors == {"text": said}
    assert form.values["text"].splitlines() == yours.splitlines()


def test_lines_that_only_the_first_changed_are_taken_over_and_told() -> None:
    opened = Form(Letter, {"text": "Dear Ana,\nYours"}, version=1)
    sent = {"text": "Dear Ana,\r\nYours", **dict(opened.hidden)}
    form = opened.parse(sent)
    form.clash({"text": "Dear Ana,\nYours, A", "version": 2})
    assert form.taken == {"text": "Text: now “Yours, A”."}
    assert form.values["text"] == "Dear Ana,\nYours, A"

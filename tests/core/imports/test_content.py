"""An upload is what it holds: binaries that call themselves CSV are refused by name, and nothing of them stays."""

import io
import zipfile
from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.errors import Refused
from trunkline.imports import storage
from trunkline.imports.content import TextCheck
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()


def _zipped() -> bytes:
    """An archive that would unpack to a hundred thousand times its size."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("customers.csv", "0" * 1_000_000)
    return kept.getvalue()


REFUSED = {
    "a workbook or archive": (_zipped(), "ZIP archive"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504, "old workbook"),
    "a PDF": (b"%PDF-1.7\n1 0 obj", "a PDF"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
    "a compressed file": (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
    "a program": (b"MZ\x90\0\x03\0\0\0", "a program"),
    "another program": (b"\x7fELF\x02\x01\x01\0", "a program"),
    "text of a wide kind": ("number,name\n".encode("utf-16"), "UTF-16"),
    "bytes between rows": (b"number,name\nC1,\x00\x01\x02\n", "not text"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_disguised_file_is_refused_by_name_and_not_kept(what: str, app: App) -> None:
    content, said = REFUSED[what]
    with pytest.raises(Refused, match=said) as refused:
        storage.keep(app, io.BytesIO(content), TextCheck("customers.csv"))
    assert refused.value.message.startswith("customers.csv is")
    assert (refused.value.field, "CSV in UTF-8" in (refused.value.remedy or "")) == ("file", True)
    assert list(storage.folder(app).iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "MZ-number,name\n1,Ana\n",
        "\ufeffnumber;name\r\n1;Zoë\r\n",
        "BZh,GIF8\t…\n",
        "GIF8\n",
        "José\n" * 400_001,
    ],
)
def test_text_stays_text_whatever_it_begins_with(text: str, app: App) -> None:
    stored, size = storage.keep(app, io.BytesIO(text.encode()), TextCheck("customers.csv"))
    assert (storage.folder(app) / stored).read_bytes() == text.encode()
    assert size == len(text.encode())


def test_the_upload_page_says_so_beside_the_field(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff()
    token = browser.csrf("/imports?kind=customers")
    answer = browser.post(
        "/imports?kind=customers",
        data={"csrf_token": token},
        files={"file": ("../../etc/customers.csv", _zipped(), "text/csv")},
    )
    assert answer.status_code == 422
    assert "customers.csv is a ZIP archive" in answer.text
    assert list(storage.folder(app).iterdir()) == []

"""Every language says everything: a message that a catalogue lacks, or marks as uncertain, fails the build."""

from pathlib import Path

import pytest

from trunkline.catalogues import TRANSLATED, problems

ROOT = Path(__file__).parents[2]
PACKAGES = (
    ROOT / "core" / "trunkline",
    *sorted(path.parent for path in (ROOT / "plugins").glob("*/trunkline_*/plugin.py")),
)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_message_is_translated_and_keeps_its_names(package: Path) -> None:
    found = {language: list(problems(package, language)) for language in TRANSLATED}
    assert found == {language: [] for language in TRANSLATED}, "run `trunkline dev messages`, then translate"

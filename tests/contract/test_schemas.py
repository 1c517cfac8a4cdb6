"""Schemas are built when they are first used: a mistake in one must not wait for a user to find it."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("trunkline", *sorted(path.name for path in ROOT.glob("plugins/*/trunkline_*")))


def _below(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def test_every_schema_of_ours_can_be_built() -> None:
    for package in map(importlib.import_module, PACKAGES):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Alembic's environment and the migrations run in Alembic; `__main__` runs at once.
            if not {"migrations", "alembic", "__main__", "scaffold"} & set(module.name.split(".")):
                importlib.import_module(module.name)
    ours = [kind for kind in _below(BaseModel) if kind.__module__.startswith("trunkline")]
    assert len(ours) > 300
    for kind in ours:
        assert kind.model_rebuild() is not False, kind

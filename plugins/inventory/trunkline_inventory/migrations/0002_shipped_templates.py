"""The templates every operator of numbers and SIM cards needs, and the stock that imports use.

Revision ID: inventory_0002
Revises: inventory_0001
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "inventory_0002"
down_revision = "inventory_0001"
branch_labels = None
depends_on = None


def _field(name: str, label: str, kind: str, **more: Any) -> dict[str, Any]:
    field = {
        "name": name,
        "label": label,
        "kind": kind,
        "required": False,
        "unique": False,
        "min_length": 0,
        "max_length": 200,
        "check": "",
        "choices": [],
        "example": "",
    }
    return {**field, **more}


_SIM = [
    _field(
        "iccid",
        "ICCID",
        "digits",
        required=True,
        unique=True,
        min_length=18,
        max_length=20,
        check="iccid",
        example="8955990000000000017",
    ),
    _field("imsi", "IMSI", "digits", required=True, unique=True, check="imsi", example="724990000000001"),
    _field("msisdn", "MSISDN", "text", unique=True, check="phone", example="+5551991234567"),
    _field("ki", "Ki", "secret", required=True, min_length=32, max_length=32, check="hex"),
    _field("opc", "OPc", "secret", required=True, min_length=32, max_length=32, check="hex"),
    _field("pin1", "PIN 1", "secret", min_length=4, max_length=8),
    _field("puk1", "PUK 1", "secret", min_length=8, max_length=8),
]
_NUMBER = [
    _field("number", "Number", "text", required=True, unique=True, check="phone", example="+5551991234567"),
    _field("route", "Route", "text", max_length=40, example="core"),
    _field("class", "Class", "text", max_length=40, example="mobile"),
]


def upgrade() -> None:
    now = datetime.now(UTC)
    common = {"created_at": now, "updated_at": now, "version": 1}
    template = sa.table(
        "inventory_template",
        sa.column("name", sa.String),
        sa.column("label", sa.String),
        sa.column("built_in", sa.Boolean),
        sa.column("minimum", sa.Integer),
        sa.column("definition", sa.JSON),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("updated_at", sa.DateTime(timezone=True)),
        sa.column("version", sa.Integer),
    )
    op.bulk_insert(
        template,
        [
            {
                "name": "sim",
                "label": "SIM card",
                "built_in": True,
                "minimum": 0,
                "definition": _SIM,
                **common,
            },
            {
                "name": "number",
                "label": "Telephone number",
                "built_in": True,
                "minimum": 0,
                "definition": _NUMBER,
                **common,
            },
        ],
    )
    stock = sa.table(
        "inventory_stock",
        sa.column("name", sa.String),
        sa.column("note", sa.String),
        sa.column("archived", sa.Boolean),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("updated_at", sa.DateTime(timezone=True)),
        sa.column("version", sa.Integer),
    )
    op.bulk_insert(stock, [{"name": "Main", "note": "", "archived": False, **common}])


def downgrade() -> None:
    """Nothing: items may refer to these rows, and the tables go with the migration before."""

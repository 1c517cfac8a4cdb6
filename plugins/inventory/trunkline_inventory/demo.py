"""The sample operator's stock: SIMs, mobile numbers, landlines and fibre terminals, in two stores."""

from trunkline.app import App
from trunkline.demo.month import DemoMonth
from trunkline.demo.stock import fixed_numbers, mobile_numbers, sims
from trunkline_inventory import operations, queries
from trunkline_inventory.schemas import (
    ChangeState,
    Check,
    CreateStock,
    CreateTemplate,
    FieldKind,
    TemplateField,
)

_LANDLINE = CreateTemplate(
    name="landline",
    label="Landline number",
    fields=[
        TemplateField(name="number", label="Number", required=True, unique=True, check=Check.PHONE),
        TemplateField(name="route", label="Route"),
    ],
)
_TERMINAL = CreateTemplate(
    name="ont",
    label="Fibre terminal (ONT)",
    fields=[
        TemplateField(
            name="serial", label="Serial number", required=True, unique=True, example="CSUL00A1B2C3"
        ),
        TemplateField(name="model", label="Model", kind=FieldKind.CHOICE, choices=("AX1800", "AX3000")),
    ],
)
#: How many of each at scale 1: enough for every order, and some left on the shelf.
_SIMS, _MOBILE, _LANDLINES, _TERMINALS = 900, 900, 220, 240
#: Fewer available than this at scale 1 are few; terminals run low.
_FEWEST = {"sim": 150, "number": 150, "landline": 60, "ont": 90}


def live(app: App, month: DemoMonth) -> None:
    """Stock up before the first customer comes."""
    if month.number:
        return
    month.clock.move_to(month.begins)

    def some(count: int) -> int:
        # A small operator has its bundles and its faulty items, too.
        return max(24, round(count * month.scale))

    with app.unit_of_work() as ctx:
        operations.create_stock(
            ctx, CreateStock(name="Loja Porto Alegre", note="Avenida Borges de Medeiros, 410")
        )
        operations.create_template(ctx, _LANDLINE)
        operations.create_template(ctx, _TERMINAL)
        operations.add_items(ctx, "sim", list(sims(month.seed, some(_SIMS))))
        operations.add_items(ctx, "number", list(mobile_numbers(some(_MOBILE))))
        landlines = [
            {"number": row["number"], "route": row["route"]} for row in fixed_numbers(some(_LANDLINES))
        ]
        operations.add_items(ctx, "landline", landlines)
        serials = [f"CSUL{0xA00000 + n * 37:08X}" for n in range(some(_TERMINALS))]
        models = ("AX1800", "AX3000")
        terminals = [{"serial": serial, "model": models[n % 2]} for n, serial in enumerate(serials)]
        operations.add_items(ctx, "ont", terminals, "Loja Porto Alegre")
        broken = [item.id for item in queries.available(ctx, "ont", limit=2)]
        operations.change_state(ctx, broken, ChangeState(state="faulty", note="No light on the optical port"))
        for name, fewest in _FEWEST.items():
            kind = queries.template(ctx, name)
            wanted = CreateTemplate(
                name=name, label=kind.label, fields=list(kind.fields), minimum=round(fewest * month.scale)
            )
            operations.update_template(ctx, name, wanted)

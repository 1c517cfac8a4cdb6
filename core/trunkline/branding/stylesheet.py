"""A brand's own style sheet: values for the variables that the style sheet of all pages leaves open, and nothing else."""

from trunkline.branding.models import Radius, Typeface
from trunkline.branding.palette import derive

_RADII = {Radius.SHARP: "4px", Radius.SOFT: "8px", Radius.ROUND: "14px"}
_SYSTEM = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
_FACES = {
    Typeface.INTER: f'"Inter Variable", {_SYSTEM}',
    Typeface.SYSTEM: _SYSTEM,
    Typeface.SERIF: '"Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", Georgia, serif',
}


def stylesheet(colour: str, radius: Radius, typeface: Typeface, picture: str = "") -> str:
    """CSS of a brand. `picture` is the address of the portal's picture, one of ours."""
    palette = derive(colour)
    values = {
        "--brand": palette.brand,
        "--brand-fg": palette.fg,
        "--brand-2": palette.step,
        "--brand-edge": palette.edge,
        "--brand-ink": f"light-dark({palette.ink_light}, {palette.ink_dark})",
        "--radius": _RADII[radius],
        "--brand-face": _FACES[typeface],
    }
    if picture:
        values["--brand-picture"] = f'url("{picture}")'
    lines = "".join(f"    {name}: {value};\n" for name, value in values.items())
    return f"@layer theme {{\n  :root {{\n{lines}  }}\n}}\n"

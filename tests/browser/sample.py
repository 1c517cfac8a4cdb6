"""A small sample operator in the browser, on a desk by day and on a phone by night, and what axe says of its pages."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.chromium import PATIENCE
from tests.line.system import wait_for
from tests.services.loopback import free_port

AXE = Path(__file__).resolve().parents[2] / "assets" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; run `./run assets`")
#: Only violations are looked for and told: what is right, node by node, took a third of the time of all that axe does.
_ASK_AXE = """(rules) => axe.run(document, { runOnly: rules, resultTypes: ["violations"] }).then(
    ({ violations }) => violations.flatMap(
        ({ id, nodes }) => nodes.slice(0, 3).map(node => `${id}: ${node.target.join(" ")}`)))"""
#: Words of stacked rows that reach over the edge of their cell, where nobody can scroll to them.
_CUT_CELLS = """() => [...document.querySelectorAll(".stk > tbody > tr > td")]
    .filter(cell => getComputedStyle(cell).display === "grid" && cell.scrollWidth > cell.clientWidth + 1)
    .map(cell => cell.innerText)"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: What the colours of a page decide.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
STAFF, CUSTOMER = "administrator", "portal_owner"
Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = ("light", "dark")
#: Mode and width of a desk by day and of a phone by night.
DESK: tuple[Mode, int] = ("light", 1440)
PHONE: tuple[Mode, int] = ("dark", 390)
#: Seconds that making the operator, and its first jobs, may take on a busy machine.
MAKING = 600.0


@dataclass(frozen=True)
class Demo:
    """The sample operator: where it is, who signs in by role, and where its processes write."""

    url: str
    sign_ins: dict[str, str]
    log_file: Path

    @property
    def log(self) -> str:
        """What its processes wrote."""
        return self.log_file.read_text("utf-8", "replace")


@contextmanager
def demo_in(folder: Path) -> Iterator[Demo]:
    """A sample operator, made in `folder` and served until the end of the block."""
    port, log = free_port(), folder / "log"
    options = ["--data", str(folder / "data"), "--port", str(port), "--scale", "0.04"]
    with log.open("wb") as out:
        command = [sys.executable, "-m", "trunkline.cli", "demo", *options]
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)

    def is_ready() -> bool:
        said = log.read_text("utf-8", "replace")
        assert process.poll() is None, said
        return "Ready at" in said

    try:
        wait_for(is_ready, "the demo", within=MAKING)
        printed = re.findall(r"^(\S+@\S+)\s+\S+\s+(\w+)$", log.read_text("utf-8"), re.MULTILINE)
        yield Demo(f"http://127.0.0.1:{port}", {role: email for email, role in printed}, log)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE / 1000)


def _viewport(width: int) -> ViewportSize:
    return {"width": width, "height": 900 if width > 500 else 844}


def open_context(
    chromium: Browser, state: Any, mode: Mode, width: int, *, scripts: bool = True
) -> BrowserContext:
    """The browser of somebody whose cookies are `state`, in English and without animations."""
    context = chromium.new_context(
        storage_state=state,
        viewport=_viewport(width),
        color_scheme=mode,
        reduced_motion="reduce",
        locale="en-GB",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(PATIENCE)
    return context


def turn(page: Page, mode: Mode, width: int) -> None:
    """Show the open page on another screen, and wait until it has been drawn there."""
    page.set_viewport_size(_viewport(width))
    page.emulate_media(color_scheme=mode, reduced_motion="reduce")
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def complaints_of(page: Page, rules: list[str] = RULES) -> list[str]:
    """What axe finds on the page once its parts are there, by tags or names of rules, and whether it scrolls sideways."""
    expect(page.locator(".htmx-request")).to_have_count(0)
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{AXE.read_text('utf-8')}; 0")
    found: list[str] = page.evaluate(_ASK_AXE, rules)
    found += [f"cut: {text}" for text in page.evaluate(_CUT_CELLS)]
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, *([f"scrolls sideways by {over} px"] if over > 0 else [])]


def open_drawn(page: Page, address: str) -> None:
    """Open a page with charts once there is something to draw: the first jobs end while the demo is looked at."""

    def is_drawn() -> bool:
        page.goto(address)
        return page.locator(".plot").count() > 0

    wait_for(is_drawn, "a chart", within=MAKING)

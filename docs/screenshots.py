"""Pictures of the sample operator: one for the README, all of them for looking at.

./run demo --no-serve && .venv/bin/python docs/screenshots.py docs/pictures --only readme
.venv/bin/python docs/screenshots.py /tmp/pictures --url http://127.0.0.1:8000
"""

import argparse
import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser.chromium import launch
from trunkline.demo.staff import PASSWORD, STAFF

SIZES = {"1440": (1440, 900), "390": (390, 844)}
MODES = ("light", "dark")


@dataclass(frozen=True)
class Shot:
    """One page to look at. `path` may name a link to follow first, as in `/customers > C0`."""

    name: str
    path: str
    portal: bool = False


SHOTS = (
    Shot("home", "/"),
    Shot("customers", "/customers"),
    Shot("customer", "/customers > /customers/C"),
    Shot("customer-services", "/customers > /customers/C > /services"),
    Shot("customer-billing", "/customers > /customers/C > /billing"),
    Shot("service", "/catalog/services > /catalog/services/S"),
    Shot("orders", "/catalog/orders"),
    Shot("order", "/catalog/orders > /catalog/orders/O"),
    Shot("jobs", "/jobs"),
    Shot("job", "/jobs > /jobs/J"),
    Shot("products", "/catalog/products"),
    Shot("items", "/inventory"),
    Shot("invoices", "/billing/invoices"),
    Shot("invoice", "/billing/invoices > /billing/invoices/F"),
    Shot("tariff", "/billing/tariffs > /billing/tariffs/"),
    Shot("playbooks", "/provisioning/playbooks"),
    Shot("emails", "/emails"),
    Shot("imports", "/imports"),
    Shot("users", "/users"),
    Shot("system", "/system"),
    Shot("portal", "/portal", portal=True),
    Shot("portal-services", "/portal/services", portal=True),
    Shot("portal-service", "/portal/services > /portal/services/S", portal=True),
    Shot("portal-usage", "/portal/usage", portal=True),
    Shot("portal-invoices", "/portal/invoices", portal=True),
    Shot("portal-invoice", "/portal/invoices > /portal/invoices/F", portal=True),
    Shot("portal-account", "/portal/account", portal=True),
)


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="", help="a demo that runs already; otherwise one is started")
    parser.add_argument(
        "--data", type=Path, default=Path("demo-data"), help="that demo's folder; made when it is not there"
    )
    parser.add_argument("--only", default="", help="names of shots, or `readme` for the README's picture")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--modes", default=",".join(MODES))
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with _demo(chosen.url, chosen.data) as (url, portal_user), sync_playwright() as playwright:
        browser = launch(playwright)
        if chosen.only == "readme":
            _readme(browser, url, chosen.folder)
        else:
            names = chosen.only.split(",") if chosen.only else [shot.name for shot in SHOTS]
            shots = [shot for shot in SHOTS if shot.name in names]
            _all(browser, url, portal_user, shots, chosen)
        browser.close()


@contextlib.contextmanager
def _demo(url: str, data: Path) -> Iterator[tuple[str, str]]:
    """Address of a running demo and a portal user's e-mail address; starts one when none is named."""
    listed = subprocess.run(
        [sys.executable, "-m", "trunkline.cli", "demo", "--no-serve", "--data", str(data), "--port", "8431"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    portal_user = re.findall(r"^(\S+@\S+)\s+\S+\s+portal_owner$", listed, re.MULTILINE)[0]
    if url:
        yield url, portal_user
        return
    command = [sys.executable, "-m", "trunkline.cli", "demo", "--data", str(data), "--port", "8431"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = "http://127.0.0.1:8431"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urlopen(f"{url}/readyz", timeout=2):  # noqa: S310 — our own
                break
            time.sleep(0.2)
        yield url, portal_user
    finally:
        server.terminate()
        server.wait(timeout=60)


def _signed_in(browser: Browser, url: str, email: str, size: str, mode: str) -> Page:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if mode == "dark" else "light",
        device_scale_factor=2 if width < 500 else 1,
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill('input[name="email"]', email)
    page.fill('input[name="password"]', PASSWORD)
    page.click('main button[type="submit"]')
    page.wait_for_load_state()
    return page


def _open(page: Page, url: str, path: str) -> bool:
    """Go to a page, following the first links that the steps after `>` begin with. False where there is none."""
    first, *rest = [step.strip() for step in path.split(">")]
    answer = page.goto(url + first)
    if answer is None or answer.status >= 400:
        return False
    for step in rest:
        link = page.locator(f'main a[href^="{step}"], main a[href$="{step}"]').first
        if link.count() == 0:
            return False
        page.goto(url + str(link.get_attribute("href")))
    page.wait_for_timeout(250)
    return True


def _all(browser: Browser, url: str, portal_user: str, shots: list[Shot], chosen: argparse.Namespace) -> None:
    for size in chosen.sizes.split(","):
        for mode in chosen.modes.split(","):
            staff = _signed_in(browser, url, STAFF[0].email, size, mode)
            customer = _signed_in(browser, url, portal_user, size, mode)
            for shot in shots:
                page = customer if shot.portal else staff
                if _open(page, url, shot.path):
                    page.screenshot(path=chosen.folder / f"{shot.name}-{mode}-{size}.png")
                else:
                    print(f"{shot.name}: nothing at {shot.path}")


def _readme(browser: Browser, url: str, folder: Path) -> None:
    page = _signed_in(browser, url, STAFF[0].email, "1440", "light")
    _open(page, url, "/customers > /customers/C")
    page.screenshot(path=folder / "customer.png")


if __name__ == "__main__":
    main()

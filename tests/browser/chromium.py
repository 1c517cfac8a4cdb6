"""The machine's own Chromium, kept quiet: no crash reports, no updates, no look-ups beyond loopback."""

from playwright.sync_api import Browser, Playwright

from tests.services.programs import PROGRAMS

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright) -> Browser:
    """Start it without a window. Raises RuntimeError when it is not installed."""
    program = PROGRAMS["chromium"]
    path = program.path()
    if path is None:
        raise RuntimeError(f"Chromium is not installed. {program.remedy}")
    return playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))

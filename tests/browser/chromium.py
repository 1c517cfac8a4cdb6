"""The machine's own Chromium, kept quiet: no crash reports, no updates, no look-ups beyond loopback."""

from playwright.sync_api import Browser, Playwright, expect

from tests.services.programs import PROGRAMS

#: Milliseconds that a page may take to become as it should on a busy machine; Playwright expects it within five seconds.
PATIENCE = 90_000
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
    expect.set_options(timeout=PATIENCE)
    return playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))

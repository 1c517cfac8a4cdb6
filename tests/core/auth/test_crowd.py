"""Many who sign in at once: they wait for each other, and nobody else does."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from trunkline.app import App
from trunkline.auth.passwords import Hashing
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.web.app import make_web

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()
#: More than there are threads or database connections.
CROWD = 45
_BASE = "http://testserver"


def test_pages_answer_while_a_crowd_waits_for_its_passwords_to_be_hashed(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(CROWD):
        create_user(app, f"user{n}@example.com", "cashier")
    browser = Browser(make_web(app), base_url=_BASE)
    token = browser.csrf("/sign-in")
    assert browser.get("/forgotten-password").status_code == 200
    began, go_on, at_once, most = threading.Event(), threading.Event(), 0, 0
    verify = Hashing.verify

    def held(self: Hashing, kept: str | None, password: str) -> bool:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        began.set()
        assert go_on.wait(60)
        at_once -= 1
        return verify(self, kept, password)

    monkeypatch.setattr(Hashing, "verify", held)

    async def crowd_and_others() -> None:
        transport, cookies = httpx2.ASGITransport(app=browser.app), dict(browser.cookies)
        async with httpx2.AsyncClient(transport=transport, base_url=_BASE, cookies=cookies) as client:
            await _press(client, token, began, go_on)

    # In a thread of its own, because the browser tests leave a running loop in this one.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, crowd_and_others()).result()
    assert most <= 4


async def _press(
    client: httpx2.AsyncClient, token: str, began: threading.Event, go_on: threading.Event
) -> None:

    async def sign_in(n: int) -> int:
        email = f"user{n}@example.com"
        if n % 3 == 0:
            body = {"email": email, "password": PASSWORD}
            return (await client.post("/api/v1/auth/login", json=body)).status_code
        fields = {"csrf_token": token, "email": email, "password": PASSWORD}
        return (await client.post("/sign-in", data=fields)).status_code

    crowd = [asyncio.create_task(sign_in(n)) for n in range(CROWD)]
    try:
        assert await asyncio.to_thread(began.wait, 60)
        pages = await asyncio.wait_for(
            asyncio.gather(*(client.get("/forgotten-password") for _n in range(10))), 90
        )
        assert [page.status_code for page in pages] == [200] * 10
        assert not any(task.done() for task in crowd)
    finally:
        go_on.set()
    assert set(await asyncio.gather(*crowd)) == {200, 303}

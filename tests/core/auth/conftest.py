"""What the tests of accounts share: a clock that can be turned, and the links that were mailed."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.mail.models import Email


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
def mailed_link(app: App) -> Callable[[str], str]:
    """The path of the newest link that was mailed to an address."""

    def newest(email: str) -> str:
        with app.reading() as ctx:
            mail = ctx.session.scalars(
                select(Email).where(col(Email.recipient) == email).order_by(col(Email.id).desc())
            ).first()
            assert mail is not None, f"nothing was mailed to {email}"
            assert "/set-password/" in mail.text
            text = json.dumps(json.loads(mail.sealed or "{}"))
        found = re.search(r"/set-password/([A-Za-z0-9_-]{20,})", text)
        assert found is not None
        assert found.group(1) not in mail.text + mail.html
        return found.group(0)

    return newest

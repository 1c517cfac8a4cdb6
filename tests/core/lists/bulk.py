"""Acting on many rows of any list as a person does."""

import re
from collections.abc import Sequence

from trunkline.testing import Browser


def begin(
    browser: Browser, page: str, name: str, action: str, ids: Sequence[object], **values: object
) -> str:
    """Have an action done to these rows, confirmed; gives the address of the run."""
    keys = [str(key) for key in ids]
    asked = browser.submit(f"/lists/{name}/do/{action}", {"ids": keys}, page=page)
    picked = re.search(r'name="picked" value="([^"]*)"', asked.text)
    assert picked is not None, asked.text[:2000]
    begun = browser.submit(
        f"/lists/{name}/do/{action}/begin", {"picked": picked.group(1), **values}, page=page
    )
    return str(begun.url.path)

"""Twenty people at once, in a process of their own: `python -m benchmarks.crowd PORT PASSWORD`.

Each has the form open already, as people have; for each line on standard input all press the button in the same moment, and a
line comes back when the last one is in. What measures meanwhile shares neither interpreter nor connections with them.
"""

import http.client
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

SIZE = 20
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Form:
    """A sign-in form that a browser shows: the cookie that came with it, and what is sent by the button."""

    port: int
    cookie: str
    body: str

    @classmethod
    def opened(cls, port: int, number: int, password: str) -> "Form":
        """The form, filled in by the person with this number."""
        page, headers = _exchange(port, "GET", "/sign-in", "", {})
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        if found is None:
            raise RuntimeError("the page has no form")
        fields = {"csrf_token": found.group(1), "email": f"user{number}@example.com", "password": password}
        return cls(port, _cookie(headers), urlencode(fields))

    def send(self) -> str:
        """Sign in; returns the session's cookie."""
        _page, headers = _exchange(
            self.port, "POST", "/sign-in", self.body, {**_FORM, "Cookie": self.cookie}, expected=303
        )
        return _cookie(headers)


def _exchange(
    port: int, method: str, path: str, body: str, headers: dict[str, str], expected: int = 200
) -> tuple[str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status != expected:
        raise RuntimeError(f"{method} {path} answered {answer.status}")
    return text, answer.headers


def _cookie(headers: http.client.HTTPMessage) -> str:
    return "; ".join(line.partition(";")[0] for line in headers.get_all("set-cookie", []))


def main() -> None:
    """Sign in together, again and again, until standard input ends."""
    port, password = int(sys.argv[1]), sys.argv[2]
    with ThreadPoolExecutor(SIZE) as people:
        while True:
            forms = [Form.opened(port, 1 + number, password) for number in range(SIZE)]
            print("ready", flush=True)
            if not sys.stdin.readline():
                return
            list(people.map(Form.send, forms))
            print("done", flush=True)


if __name__ == "__main__":
    main()

"""Answers made smaller by gzip (RFC 1952) for those who take it, so that pages are light without a proxy before them, too."""

import gzip
from functools import lru_cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What becomes clearly smaller; pictures, fonts, PDF and workbooks are packed already.
_TEXTS = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/problem+json",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
#: Bytes below which the answer fits into one packet anyway.
_WORTH_IT = 1024
#: Pages are packed each time: 4 costs half of what 9 does, and leaves a twentieth more.
_QUICK, _SMALLEST = 4, 9


def takes_gzip(headers: Headers) -> bool:
    """Whether the client said so in `Accept-Encoding` (RFC 9110, 12.5.3)."""
    for offer in headers.get("accept-encoding", "").lower().split(","):
        coding, _semicolon, weight = offer.replace(" ", "").partition(";q=")
        if coding in {"gzip", "*"}:
            return weight.strip("0.") != "" if weight else True
    return False


def is_text(media_type: str) -> bool:
    """Whether a `Content-Type` names something that becomes clearly smaller."""
    return media_type.partition(";")[0].strip().lower() in _TEXTS


@lru_cache(maxsize=64)
def packed_file(path: str, modified: float) -> bytes:
    """What a file of ours holds, as small as it gets. `modified` is its time of change: another file is packed again."""
    with open(path, "rb") as file:
        return gzip.compress(file.read(), _SMALLEST, mtime=0)


class Compressed:
    """Packs texts that come in one piece and tell their length; what streams goes on as it comes.

    Length then tells something of what is inside, so nothing that stands in every page may be secret and stay the same:
    `auth.csrf` gives each page another token (BREACH, CVE-2013-3587).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not takes_gzip(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def send_packed(message: Message) -> None:
            if message["type"] == "http.response.start" and _may_be_packed(message):
                held.append(message)
                return
            if held:
                start = held.pop()
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    message = {**message, "body": _pack(start, message.get("body", b""))}
                await send(start)
            await send(message)

        await self.app(scope, receive, send_packed)


def _may_be_packed(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    length = headers.get("content-length", "0")
    return (
        is_text(headers.get("content-type", ""))
        and "content-encoding" not in headers
        and "content-range" not in headers
        and length.isdigit()
        and int(length) >= _WORTH_IT
    )


def _pack(start: Message, body: bytes) -> bytes:
    """The body packed, with what the headers in `start` have to say about it; an answer to HEAD has none and stays."""
    if not body:
        return body
    packed = gzip.compress(body, _QUICK, mtime=0)
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(packed))
    headers.add_vary_header("Accept-Encoding")
    if headers.get("etag", "").startswith('"'):
        headers["etag"] = f"W/{headers['etag']}"
    start["headers"] = headers.raw
    return packed

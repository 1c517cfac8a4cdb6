"""Lets text messages leave by a carrier's HTTP gateway.

Copy this file into the folder `extensions` of the data folder, put the gateway's address into the variable
`TRUNKLINE_SMS_GATEWAY`, restart, and set “Text messages leave by” to `http_gateway`. The gateway gets one JSON object a message;
its `id` is the same when a message is handed over once more, so that a gateway worth its money sends it once.
"""

import json
import os
from collections.abc import Sequence
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from trunkline.errors import Refused, Unavailable
from trunkline.plugin import hookimpl
from trunkline.providers import SmsMessage, SmsTransport


class HttpGateway:
    """A `SmsTransport`: 2xx is taken, 4xx is refused for good, anything else is tried again."""

    name: str = "http_gateway"

    def send(self, message: SmsMessage) -> str:
        address = os.environ.get("TRUNKLINE_SMS_GATEWAY", "")
        if not address.startswith(("http://", "https://")):
            raise Unavailable("TRUNKLINE_SMS_GATEWAY holds no address.", remedy="Set it and restart.")
        body = json.dumps({"id": message.number, "to": message.to, "text": message.text}).encode()
        request = Request(address, body, {"Content-Type": "application/json"})  # noqa: S310 — checked above
        try:
            with urlopen(request, timeout=20) as answer:  # noqa: S310 — checked above
                return f"{answer.status} {answer.read(200).decode('utf-8', 'replace')}"
        except HTTPError as error:
            words = f"The gateway answers {error.code} {error.reason}."
            # 408 and 429 say “later” (RFC 9110 §15.5.9, RFC 6585 §4).
            final = 400 <= error.code < 500 and error.code not in (408, 429)
            raise (Refused(words) if final else Unavailable(words)) from error
        except OSError as error:
            raise Unavailable(f"The gateway does not answer: {error}.") from error


@hookimpl
def sms_transports() -> Sequence[SmsTransport]:
    return (HttpGateway(),)

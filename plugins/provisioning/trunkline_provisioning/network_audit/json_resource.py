"""Reading resources of JSON interfaces back, each by its own address: what is unknown to us cannot be listed."""

import json
from typing import Any
from urllib.parse import urlsplit

from trunkline.i18n import gettext as _
from trunkline_provisioning.devices.http import Access, Http
from trunkline_provisioning.devices.outcome import DeviceError, is_secret_name
from trunkline_provisioning.network_audit.readers import Holding, Options, Reader, ReadError


def _place(options: Options) -> str:
    return f"JSON {urlsplit(str(options['url'])).netloc}"


def _wanted(options: Options) -> Holding | None:
    if options.get("state", "present") != "present":
        return None
    hidden = set(options.get("write_only") or ())
    body = options.get("body") or {}
    fields = {
        str(name): _text(value)
        for name, value in body.items()
        if name not in hidden and not is_secret_name(str(name))
    }
    return Holding(str(options["url"]), fields)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _one(options: Options, wanted: Holding) -> Holding | None:
    access = Access(
        token=str(options.get("token") or ""),
        username=str(options.get("username") or ""),
        password=str(options.get("password") or ""),
        headers=options.get("headers") or {},
        verify=str(options.get("verify", True)).lower() not in ("false", "no", "0"),
        ca_file=str(options.get("ca_file") or ""),
    )
    try:
        with Http(access) as http:
            held = http.get(wanted.key)
    except DeviceError as error:
        raise ReadError(str(error)) from error
    if held is None:
        return None
    return Holding(wanted.key, {name: _text(held[name]) for name in wanted.fields if name in held})


READER = Reader(
    "trunkline.telecom.http",
    _("JSON interface"),
    ("url", "body", "state", "write_only", "token", "username", "password", "headers", "verify", "ca_file"),
    _place,
    _wanted,
    _one,
)

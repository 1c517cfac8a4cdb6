"""Reading Osmocom's HLR back by its command line."""

from collections.abc import Iterator

from trunkline.i18n import gettext as _
from trunkline_provisioning.hlr.subscriber import Hlr, Subscriber
from trunkline_provisioning.hlr.vty import Vty, VtyError
from trunkline_provisioning.network_audit.readers import Holding, Options, Reader, ReadError


def _place(options: Options) -> str:
    return f"HLR {options['host']}:{_port(options)}"


def _port(options: Options) -> int:
    return int(options.get("port") or 4258)


def _wanted(options: Options) -> Holding | None:
    if options.get("state", "present") != "present":
        return None
    fields = {"access": str(options.get("access") or "enabled")}
    if number := str(options.get("msisdn") or "").removeprefix("+"):
        fields["msisdn"] = number
    return Holding(str(options["imsi"]), fields)


def _as_holding(subscriber: Subscriber) -> Holding:
    return Holding(subscriber.imsi, {"msisdn": subscriber.msisdn, "access": subscriber.access})


def _one(options: Options, wanted: Holding) -> Holding | None:
    try:
        with Vty(str(options["host"]), _port(options)) as vty:
            found = Hlr(vty).find(wanted.key)
    except VtyError as error:
        raise ReadError(str(error)) from error
    return _as_holding(found) if found is not None else None


def _everything(options: Options) -> Iterator[Holding]:
    try:
        with Vty(str(options["host"]), _port(options)) as vty:
            for subscriber in Hlr(vty).everybody():
                yield _as_holding(subscriber)
    except VtyError as error:
        raise ReadError(str(error)) from error


def _remove(options: Options, key: str) -> str:
    try:
        with Vty(str(options["host"]), _port(options)) as vty:
            outcome = Hlr(vty).remove(key)
    except VtyError as error:
        raise ReadError(str(error)) from error
    return ", ".join(outcome.changes) or "already absent"


READER = Reader(
    "trunkline.telecom.hlr_subscriber",
    _("HLR"),
    ("host", "port", "imsi", "msisdn", "access", "state"),
    _place,
    _wanted,
    _one,
    _everything,
    _remove,
)

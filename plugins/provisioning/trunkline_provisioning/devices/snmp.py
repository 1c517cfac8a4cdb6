"""Objects of SNMP agents (RFC 3416): GET, compare, SET in one request, GET again; version 2c, or 3 with keys (RFC 3414)."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from trunkline_provisioning.devices.outcome import DeviceError, Outcome

#: Types of RFC 2578 that a value may be sent as.
TYPES = {
    "string": "OctetString",
    "integer": "Integer32",
    "unsigned": "Unsigned32",
    "gauge": "Gauge32",
    "timeticks": "TimeTicks",
    "address": "IpAddress",
    "oid": "ObjectIdentifier",
    "hex": "OctetString",
}


@dataclass(frozen=True)
class Agent:
    """Where the agent is and how to get in. `timeout` is seconds for one request, which is tried `retries` times more."""

    host: str
    port: int = 161
    community: str = field(default="", repr=False)
    username: str = ""
    auth_key: str = field(default="", repr=False)
    auth_protocol: str = "sha256"
    priv_key: str = field(default="", repr=False)
    priv_protocol: str = "aes"
    timeout: float = 3.0
    retries: int = 2

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Wanted:
    """One object instance and the value it shall have."""

    oid: str
    value: Any
    kind: str = "string"


def keep(agent: Agent, wanted: Sequence[Wanted], *, dry_run: bool = False) -> Outcome:
    """Make the objects have the values. Raises DeviceError; a SET is all or nothing (RFC 3416 4.2.5)."""
    # In a thread of its own, because a loop may be running in the caller's.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_keep(agent, wanted, dry_run))).result()


async def _keep(agent: Agent, wanted: Sequence[Wanted], dry_run: bool) -> Outcome:
    asker = _Asker(agent)
    try:
        held = await asker.get([one.oid for one in wanted])
        after = {one.oid: asker.printed(one) for one in wanted}
        differing = [one for one in wanted if held.get(one.oid) != after[one.oid]]
        if not differing:
            return Outcome(False, f"{agent.place}: already as wanted", held, held, {"before": held})
        words = ", ".join(f"{one.oid}: {held.get(one.oid)} → {after[one.oid]}" for one in differing)
        if not dry_run:
            await asker.set(differing)
            now = await asker.get([one.oid for one in differing])
            left = [one.oid for one in differing if now.get(one.oid) != after[one.oid]]
            if left:
                raise DeviceError(f"{agent.place} took the values but does not hold them: {', '.join(left)}.")
        return Outcome(True, f"{agent.place}: {words}", held, {**held, **after}, {"before": held})
    finally:
        asker.close()


class _Asker:
    """One agent, asked through pysnmp."""

    def __init__(self, agent: Agent) -> None:
        from pysnmp.hlapi.v3arch.asyncio import SnmpEngine

        self._agent = agent
        self._engine = SnmpEngine()

    def close(self) -> None:
        self._engine.close_dispatcher()

    async def get(self, oids: Sequence[str]) -> dict[str, str | None]:
        """The values as text; None for an instance that is not there."""
        from pysnmp.hlapi.v3arch.asyncio import ObjectIdentity, ObjectType, get_cmd
        from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

        objects = [ObjectType(ObjectIdentity(_oid(oid))) for oid in oids]
        answered = await self._ask(get_cmd, objects)
        none = (NoSuchObject, NoSuchInstance, EndOfMibView)
        return {
            oid: None if isinstance(bound[1], none) else bound[1].prettyPrint()
            for oid, bound in zip(oids, answered, strict=True)
        }

    async def set(self, wanted: Sequence[Wanted]) -> None:
        from pysnmp.hlapi.v3arch.asyncio import ObjectIdentity, ObjectType, set_cmd

        objects = [ObjectType(ObjectIdentity(_oid(one.oid)), self.typed(one)) for one in wanted]
        await self._ask(set_cmd, objects)

    def typed(self, one: Wanted) -> Any:
        """The value in its type. Raises DeviceError when it does not fit."""
        from pysnmp.proto import rfc1902

        kind = TYPES.get(one.kind)
        if kind is None:
            raise DeviceError(f"“{one.kind}” is no type; there are {', '.join(TYPES)}.")
        make = getattr(rfc1902, kind)
        try:
            return make(hexValue=str(one.value)) if one.kind == "hex" else make(one.value)
        except Exception as error:  # pyasn1 raises many kinds
            raise DeviceError(f"{one.oid}: {one.value!r} is no {one.kind}.") from error

    def printed(self, one: Wanted) -> str:
        return str(self.typed(one).prettyPrint())

    async def _ask(self, command: Any, objects: Sequence[Any]) -> Sequence[Any]:
        from pysnmp.hlapi.v3arch.asyncio import ContextData, UdpTransportTarget

        agent = self._agent
        try:
            target = await UdpTransportTarget.create(
                (agent.host, agent.port), timeout=agent.timeout, retries=agent.retries
            )
        except Exception as error:  # pysnmp wraps name resolution in kinds of its own
            raise DeviceError(f"{agent.host} is no address that can be reached: {error}") from None
        failure, status, index, bound = await command(
            self._engine, _credentials(agent), target, ContextData(), *objects, lookupMib=False
        )
        if failure:
            raise DeviceError(f"{agent.place}: {failure}")
        if status:
            culprit = f" ({bound[int(index) - 1][0].prettyPrint()})" if index else ""
            raise DeviceError(f"{agent.place} refused: {status.prettyPrint()}{culprit}")
        return list(bound)


def _credentials(agent: Agent) -> Any:
    from pysnmp.hlapi.v3arch import asyncio as snmp

    if not agent.username:
        if not agent.community:
            raise DeviceError("Give community, or username with auth_key (version 3).")
        # Many elements know no version 3; the playbook's author chooses.
        return snmp.CommunityData(agent.community, mpModel=1)  # noqa: S508 — old elements speak nothing newer
    auth: Mapping[str, Any] = {
        "sha": snmp.USM_AUTH_HMAC96_SHA,
        "sha256": snmp.USM_AUTH_HMAC192_SHA256,
        "sha512": snmp.USM_AUTH_HMAC384_SHA512,
        "md5": snmp.USM_AUTH_HMAC96_MD5,
    }
    priv: Mapping[str, Any] = {"aes": snmp.USM_PRIV_CFB128_AES, "aes256": snmp.USM_PRIV_CFB256_AES}
    if agent.priv_key:
        return snmp.UsmUserData(
            agent.username,
            agent.auth_key,
            agent.priv_key,
            authProtocol=auth[agent.auth_protocol],
            privProtocol=priv[agent.priv_protocol],
        )
    return snmp.UsmUserData(agent.username, agent.auth_key, authProtocol=auth[agent.auth_protocol])


def _oid(text: str) -> str:
    if not text.strip(".").replace(".", "").isdigit():
        raise DeviceError(f"“{text}” is no object identifier in digits.")
    return text

"""Names to addresses, public ones alone: the address that is judged is the one that is connected to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from crawler.guard import is_public
from crawler.settings import PINNED

# Names that led to a forbidden address. Of the module: Scrapy makes the resolver out of reach, one a process.
forbidden: set[str] = set()


class _Resolver(Protocol):
    def resolveHostName(self, receiver: Any, name: str, port: int, types: Any, semantics: str) -> Any: ...  # noqa: N802


@implementer(IHostResolution)  # pyright: ignore[reportUntypedClassDecorator]  # zope has no types
class _Pinned:
    """A resolution that is over as it begins."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Do nothing: there is nothing under way."""


@implementer(IResolutionReceiver)  # pyright: ignore[reportUntypedClassDecorator]  # zope has no types
class _PublicOnly:
    """Passes on the public addresses of a name, and notes a name that has another."""

    def __init__(self, receiver: Any, name: str) -> None:
        self._receiver, self._name = receiver, name

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - Twisted's name
        """Pass on."""
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802 - Twisted's name
        """Pass on a public address."""
        if is_public(str(address.host)):
            self._receiver.addressResolved(address)
        else:
            forbidden.add(self._name)

    def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
        """Pass on."""
        self._receiver.resolutionComplete()


@implementer(IHostnameResolver)  # pyright: ignore[reportUntypedClassDecorator]  # zope has no types
class PublicResolver:
    """The system's resolver without private answers; a pinned host is where its source file says."""

    def __init__(self, reactor: Any, pinned: Mapping[str, str]) -> None:
        self._reactor, self._pinned = reactor, pinned
        self._system = cast("_Resolver", reactor.nameResolver)

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> PublicResolver:
        """Make it as Scrapy makes its parts."""
        return cls(reactor, crawler.settings.getdict(PINNED))

    def install_on_reactor(self) -> None:
        """Put it in the reactor's way, as Scrapy asks its resolvers to."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[Any] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """Resolve a name; nothing comes back where all its addresses are forbidden."""
        pinned = self._pinned.get(hostName.lower().rstrip("."))
        if pinned is None:
            receiver = _PublicOnly(resolutionReceiver, hostName)
            return self._system.resolveHostName(
                receiver, hostName, portNumber, addressTypes, transportSemantics
            )
        resolution = _Pinned(hostName)
        address = (IPv6Address if ":" in pinned else IPv4Address)("TCP", pinned, portNumber)
        resolutionReceiver.resolutionBegan(resolution)
        resolutionReceiver.addressResolved(address)
        resolutionReceiver.resolutionComplete()
        return resolution

"""The ranges that addresses of Services are given out from at the moment.

Source: pkg/registry/core/service/ipallocator/cidrallocator.go.
"""

from steersman.api.networking import ServiceCIDR
from steersman.api.networking.serviceranges import (
    DEFAULT_RANGES,
    family_of,
    first_and_last,
    is_usable,
    is_within,
    networks_of,
)
from steersman.apimachinery.cidrs import Address, Network
from steersman.apiserver.allocators.places import Band, reserved_of
from steersman.apiserver.collection import Collection


class Ranges:
    """Those of all ServiceCIDRs that may be used; those of the server's flags until there is the default one."""

    def __init__(self, configured: tuple[Network, ...], objects: Collection[ServiceCIDR]) -> None:
        self._configured = configured
        self._objects = objects
        self._read_at = -1
        self._networks: tuple[Network, ...] = ()

    @property
    def families(self) -> tuple[str, ...]:
        """Those of the server's flags, the default first."""
        return tuple(map(family_of, self._configured))

    def bands(self, family: str) -> tuple[Band, ...]:
        """The addresses of a family, as numbers."""
        return tuple(_band(network) for network in self._now() if family_of(network) == family)

    def contain(self, address: Address) -> bool:
        """The address is in one of them."""
        return any(is_within(network, address) for network in self._now())

    def _now(self) -> tuple[Network, ...]:
        cacher = self._objects.cacher
        if cacher.changed_at != self._read_at:
            objects = [self._objects.decoded(one) for one in cacher.under(cacher.prefix)]
            # The default one first: where there is a choice, addresses are as they were before others came.
            objects.sort(key=lambda one: one.metadata.name != DEFAULT_RANGES)
            has_default = any(one.metadata.name == DEFAULT_RANGES for one in objects)
            found = [network for one in objects if is_usable(one) for network in networks_of(one)]
            self._networks = tuple(dict.fromkeys((*(() if has_default else self._configured), *found)))
            self._read_at = cacher.changed_at
        return self._networks


def _band(network: Network) -> Band:
    first, last = first_and_last(network)
    return Band(first, last, reserved_of(network.num_addresses, 16, 16, 256))

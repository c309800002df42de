"""The transformers that a configuration asks for, resource by resource.

Source: apiserver/pkg/server/options/encryptionconfig/config.go.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from steersman.apimachinery.durations import go_seconds
from steersman.component.clock import Clock
from steersman.storage.encryption.aes import CBC, GCM
from steersman.storage.encryption.configuration import (
    DEFAULT_KMS_TIMEOUT,
    EncryptionConfiguration,
    EncryptionError,
    Keys,
    KMSConfiguration,
    ProviderConfiguration,
    configuration_of,
    secret_of,
    split,
)
from steersman.storage.encryption.envelope import Envelope
from steersman.storage.encryption.keyservice import KeyService
from steersman.storage.encryption.transformer import Chain, Identity, Prefixed, Transformer

NO_KMS_V1 = (
    "KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  "
    "Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature."
)
EVERYTHING = ("*", "*")
_PLAIN = Identity()

Dial = Callable[[str, timedelta], KeyService]


@dataclass(frozen=True, slots=True)
class Providers:
    """What a configuration was made into. hash is its file's; no key is kept but in the transformers."""

    by_resource: Mapping[tuple[str, str], Transformer]
    envelopes: tuple[Envelope, ...] = ()
    hash: str = ""

    def of(self, resource: str) -> Transformer:
        """The transformer of `plural.group`: its own, its group's, or that of everything; else values are plain."""
        plural, group = split(resource)
        for key in ((plural, group), ("*", group), EVERYTHING):
            found = self.by_resource.get(key)
            if found is not None:
                return found
        return _PLAIN


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes transformers; dial reaches KMS plugins."""

    clock: Clock
    random: Random
    dial: Dial

    def made(self, data: bytes, name: str) -> Providers:
        """Those of the configuration in a file of that name. EncryptionError says what is wrong with it."""
        config = configuration_of(data, name)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        by_resource: dict[tuple[str, str], list[Prefixed]] = {}
        envelopes: list[Envelope] = []
        try:
            self._collect(config, by_resource, envelopes)
        except EncryptionError as error:
            raise EncryptionError(f"error while building transformers: {error}") from None
        chains = {key: Chain(ways, "no matching prefix found") for key, ways in by_resource.items()}
        return Providers(chains, tuple(envelopes), digest)

    def _collect(
        self,
        config: EncryptionConfiguration,
        by_resource: dict[tuple[str, str], list[Prefixed]],
        envelopes: list[Envelope],
    ) -> None:
        for one in config.resources:
            ways = [self._way(provider, envelopes) for provider in one.providers]
            for resource in one.resources:
                key = split(resource)
                for mask in (("*", key[1]), EVERYTHING):
                    if mask in by_resource:
                        raise EncryptionError(f'resource "{_shown(key)}" is masked by earlier rule "{_shown(mask)}"')
                by_resource.setdefault(key, []).extend(ways)

    def _way(self, provider: ProviderConfiguration, envelopes: list[Envelope]) -> Prefixed:
        if provider.aesgcm is not None:
            return _keyed("k8s:enc:aesgcm:v1:", "AES", provider.aesgcm, GCM)
        if provider.aescbc is not None:
            return _keyed("k8s:enc:aescbc:v1:", "AES", provider.aescbc, CBC)
        if provider.secretbox is not None:
            # A library of its own, loaded where it is used.
            from steersman.storage.encryption.secretbox import Secretbox

            return _keyed("k8s:enc:secretbox:v1:", "Secretbox", provider.secretbox, Secretbox)
        if provider.kms is not None:
            return self._kms(provider.kms, envelopes)
        return Prefixed(b"", _PLAIN)

    def _kms(self, given: KMSConfiguration, envelopes: list[Envelope]) -> Prefixed:
        if given.apiVersion != "v2":
            raise EncryptionError(NO_KMS_V1)
        timeout = timedelta(seconds=go_seconds(given.timeout or DEFAULT_KMS_TIMEOUT))
        envelope = Envelope(given.name, self.dial(given.endpoint, timeout), self.clock, self.random)
        envelopes.append(envelope)
        return Prefixed(f"k8s:enc:kms:v2:{given.name}:".encode(), envelope)


def _keyed(prefix: str, kind: str, given: Keys, make: Callable[[bytes], Transformer]) -> Prefixed:
    ways: Sequence[Prefixed] = [Prefixed(f"{key.name}:".encode(), make(secret_of(key))) for key in given.keys]
    return Prefixed(prefix.encode(), Chain(ways, f"no matching key was found for the provided {kind} transformer"))


def _shown(key: tuple[str, str]) -> str:
    plural, group = key
    return f"{plural}.{group}" if group or plural == "*" else plural

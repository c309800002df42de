"""EncryptionConfiguration: which resources are encrypted, and how. Read and checked; texts of faults show no keys.

Source: apiserver/pkg/apis/apiserver/v1/types_encryption.go, apis/apiserver/validation/validation_encryption.go.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.codec.strict import FieldValidation, validate_tree
from steersman.apimachinery.codec.yaml import parse
from steersman.apimachinery.durations import go_seconds
from steersman.apimachinery.fielderrors import invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Cause

PACKAGE = "k8s.io.apiserver.pkg.apis.apiserver.v1"
# The second is what it was called before 1.13.
KINDS = frozenset({("apiserver.config.k8s.io/v1", "EncryptionConfiguration"), ("v1", "EncryptionConfig")})
NO_PROVIDER = "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity"
AES_KEYS, SECRETBOX_KEYS = (16, 24, 32), (32,)
DEFAULT_KMS_TIMEOUT = "3s"
WITHOUT_API = frozenset({"apiserveripinfo", "serviceipallocations", "servicenodeportallocations"})


class EncryptionError(ValueError):
    """A configuration that can't be used."""


class Key(Object, package=PACKAGE):
    """secret: the key itself, in base64."""

    name: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        """Nothing that must not stand in a log."""
        return f"Name: {self.name}, Secret: [REDACTED]"


class Keys(Object, package=PACKAGE):
    """Keys; the first encrypts."""

    keys: tuple[Key, ...] = ()


class IdentityConfiguration(Object, package=PACKAGE):
    """Nothing to say."""


class KMSConfiguration(Object, package=PACKAGE):
    """A plugin."""

    apiVersion: str = ""
    name: str = ""
    cachesize: int | None = None
    endpoint: str = ""
    timeout: str = ""


class ProviderConfiguration(Object, package=PACKAGE):
    """One of them."""

    aesgcm: Keys | None = None
    aescbc: Keys | None = None
    secretbox: Keys | None = None
    identity: IdentityConfiguration | None = None
    kms: KMSConfiguration | None = None


class ResourceConfiguration(Object, package=PACKAGE):
    """Resources and the ways for all of them; the first writes."""

    resources: tuple[str, ...] = ()
    providers: tuple[ProviderConfiguration, ...] = ()


class EncryptionConfiguration(Object, api="apiserver.config.k8s.io/v1", package=PACKAGE):
    """The whole of it."""

    resources: tuple[ResourceConfiguration, ...] = ()


def configuration_of(data: bytes, name: str) -> EncryptionConfiguration:
    """The configuration of a YAML or JSON text, read from the file of that name. EncryptionError."""
    decoding = f'error while parsing file: error decoding encryption provider configuration file "{name}"'
    if not data:
        raise EncryptionError(
            f'error while parsing file: error while loading file: encryption provider configuration file "{name}" '
            "is empty"
        )
    try:
        tree = parse(data)
        if not isinstance(tree, dict):
            raise DecodeError("it is no object")
        given = (tree.get("apiVersion") or "", tree.get("kind") or "")
        if given not in KINDS:
            raise DecodeError(f'no kind "{given[1]}" is registered for version "{given[0]}"')
        plain = {key: value for key, value in tree.items() if key not in ("kind", "apiVersion")}
        found = validate_tree(plain, EncryptionConfiguration, FieldValidation.STRICT).object
    except DecodeError as error:
        raise EncryptionError(f"{decoding}: {error}") from None  # what was being read may hold keys
    faults = [f"{cause.field}: {cause.message}" for cause in _faults(found)]
    if faults:
        said = faults[0] if len(faults) == 1 else f"[{', '.join(dict.fromkeys(faults))}]"
        raise EncryptionError(f"error while parsing file: {said}")
    return found


def secret_of(key: Key) -> bytes:
    """The key itself; ValueError when it isn't base64."""
    return base64.b64decode(key.secret, validate=True)


def split(resource: str) -> tuple[str, str]:
    """`plural.group` as plural and group, `secrets` and `*.` of the core's."""
    plural, _, group = resource.partition(".")
    return plural, group


def _faults(found: EncryptionConfiguration) -> Iterable[Cause]:
    root, names = Path("resources"), set[str]()
    if not found.resources:
        yield required(root, "at least one resources is required")
    for at, one in enumerate(found.resources):
        resources, providers = root.at(at).child("resources"), root.at(at).child("providers")
        if not one.resources:
            yield required(resources, f"at least one {resources} is required")
        yield from _overlaps(one.resources, resources)
        for position, name in enumerate(one.resources):
            why = _misnamed(name)
            if why:
                yield invalid_value(resources.at(position), name, why)
        if not one.providers:
            yield required(providers, f"at least one {providers} is required")
        for position, provider in enumerate(one.providers):
            yield from _provider_faults(provider, providers.at(position), names)


def _overlaps(resources: Sequence[str], path: Path) -> Iterable[Cause]:
    parsed = [split(one) for one in resources]
    if len(set(parsed)) < len(parsed):
        yield invalid_value(path, resources, "the same resource cannot be specified multiple times")
    groups = [group for _, group in set(parsed)]
    is_masked = len(set(parsed)) > 1 and ("*", "*") in parsed
    if is_masked or any(plural == "*" and groups.count(group) > 1 for plural, group in parsed):
        yield invalid_value(
            path,
            resources,
            "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they "
            "will be masked",
        )


def _misnamed(resource: str) -> str:
    plural, group = split(resource)
    if resource != resource.lower():
        return "resource name should not contain capital letters"
    if resource == "*":
        return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
    if resource in WITHOUT_API:
        return "resources which do not have REST API/s cannot be encrypted"
    if group == "events.k8s.io":
        return (
            "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. "
            "Use 'events' instead in the config file"
        )
    if group == "extensions":
        return "'extensions' group has been removed and cannot be used for encryption"
    if group == "*" and plural != "*":
        return "encrypting the same resource across groups is not supported"
    return ""


def _provider_faults(provider: ProviderConfiguration, path: Path, names: set[str]) -> Iterable[Cause]:
    ways = (provider.aesgcm, provider.aescbc, provider.secretbox, provider.identity, provider.kms)
    count = sum(way is not None for way in ways)
    if count == 0:
        yield invalid_value(path, {}, NO_PROVIDER)
    if count > 1:
        why = "more than one provider specified in a single element, should split into different list elements"
        yield invalid_value(path, {}, why)
    if provider.kms is not None:
        yield from _kms_faults(provider.kms, path.child("kms"), names)
        names.add(provider.kms.name)
    elif provider.aesgcm is not None:
        yield from _key_faults(provider.aesgcm, path.child("aesgcm", "keys"), AES_KEYS)
    elif provider.aescbc is not None:
        yield from _key_faults(provider.aescbc, path.child("aescbc", "keys"), AES_KEYS)
    elif provider.secretbox is not None:
        yield from _key_faults(provider.secretbox, path.child("secretbox", "keys"), SECRETBOX_KEYS)


def _key_faults(given: Keys, path: Path, sizes: Sequence[int]) -> Iterable[Cause]:
    if not given.keys:
        yield required(path, "at least one keys is required")
    for at, key in enumerate(given.keys):
        secret = path.at(at).child("secret")
        if not key.name:
            yield required(path.at(at).child("name"), "name is a mandatory field for a key")
        if not key.secret:
            yield required(secret, "secret is a mandatory field for a key")
            continue
        try:
            size = len(secret_of(key))
        except (binascii.Error, ValueError):
            yield invalid_value(secret, "REDACTED", "secrets must be base64 encoded")
            continue
        if size not in sizes:
            expected = f"[{' '.join(map(str, sizes))}]"
            why = f"secret is not of the expected length, got {size}, expected one of {expected}"
            yield invalid_value(secret, "REDACTED", why)


def _kms_faults(given: KMSConfiguration, path: Path, names: set[str]) -> Iterable[Cause]:
    if not given.name:
        yield required(path.child("name"), "name is a mandatory field for a provider")
    if ":" in given.name:
        why = f"invalid KMS provider name {given.name}, must not contain ':'"
        yield invalid_value(path.child("name"), given.name, why)
    if given.name in names and given.apiVersion == "v2":
        why = f"duplicate KMS provider name {given.name}, names must be unique"
        yield invalid_value(path.child("name"), given.name, why)
    try:
        is_positive = go_seconds(given.timeout or DEFAULT_KMS_TIMEOUT) > 0
    except ValueError:
        is_positive = False
    if not is_positive:
        yield invalid_value(path.child("timeout"), given.timeout, "timeout should be a positive value")
    if not given.endpoint:
        yield invalid_value(path.child("endpoint"), "", "endpoint is a mandatory field for a kms")
    elif (scheme := urlsplit(given.endpoint).scheme) != "unix":
        why = f'unsupported scheme "{scheme}" for KMS provider, only unix is supported'
        yield invalid_value(path.child("endpoint"), given.endpoint, why)
    if given.apiVersion not in ("", "v1", "v2"):
        # Upstream names the field where the version was meant.
        why = "unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported"
        yield invalid_value(path.child("apiVersion"), given.apiVersion, why)
    if given.apiVersion == "v2" and given.cachesize is not None:
        yield invalid_value(path.child("cachesize"), given.cachesize, "cachesize is not supported in v2")

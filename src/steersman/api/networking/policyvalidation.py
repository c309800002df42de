"""What makes a network policy wrong, new or changed, in upstream's words.

Source: pkg/apis/networking/validation/validation.go, pkg/registry/networking/networkpolicy/strategy.go.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from steersman.api.meta.labelrules import validate_label_selector
from steersman.api.networking.networkpolicy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
    PolicyType,
)
from steersman.apimachinery.cidrs import Network, cidr_warnings, network_of
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import cidr, port_name, port_number
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What is wrong but may stay, as the policy was stored with it."""

    label_values: bool = False
    cidrs: Collection[str] = ()


def validate_network_policy(policy: NetworkPolicy) -> list[Cause]:
    """A new policy."""
    return _spec_faults(policy.spec, _Allowed())


def validate_network_policy_update(policy: NetworkPolicy, old: NetworkPolicy) -> list[Cause]:
    """A changed policy. Networks it had anywhere already aren't looked at again."""
    known = {network for block, _ in _blocks(old.spec) for network in (block.cidr, *block.except_)}
    has_wrong_values = bool(validate_label_selector(old.spec.podSelector, SPEC))
    return _spec_faults(policy.spec, _Allowed(label_values=has_wrong_values, cidrs=known))


def network_policy_warnings(policy: NetworkPolicy) -> list[str]:
    """Networks in forms that not everybody reads alike."""
    said: list[str] = []
    for block, path in _blocks(policy.spec):
        said += cidr_warnings(path.child("cidr"), block.cidr)
        for position, network in enumerate(block.except_):
            said += cidr_warnings(path.child("except").at(position), network)
    return said


def _blocks(spec: NetworkPolicySpec) -> Iterator[tuple[IPBlock, Path]]:
    for _, _, peers in _rules(spec):
        for peer, path in peers:
            if peer.ipBlock is not None:
                yield peer.ipBlock, path.child("ipBlock")


Peers = list[tuple[NetworkPolicyPeer, Path]]


def _rules(spec: NetworkPolicySpec) -> Iterator[tuple[tuple[NetworkPolicyPort, ...], Path, Peers]]:
    """The rules of both directions: ports, the rule's path, and peers each with theirs."""
    for position, rule in enumerate(spec.ingress):
        path = SPEC.child("ingress").at(position)
        yield rule.ports, path, [(peer, path.child("from").at(place)) for place, peer in enumerate(rule.from_)]
    for position, out in enumerate(spec.egress):
        path = SPEC.child("egress").at(position)
        yield out.ports, path, [(peer, path.child("to").at(place)) for place, peer in enumerate(out.to)]


def _spec_faults(spec: NetworkPolicySpec, allowed: _Allowed) -> list[Cause]:
    checks_values = not allowed.label_values
    faults = validate_label_selector(spec.podSelector, SPEC.child("podSelector"), checks_values=checks_values)
    for ports, path, peers in _rules(spec):
        for position, port in enumerate(ports):
            faults += _port_faults(port, path.child("ports").at(position))
        for peer, where in peers:
            faults += _peer_faults(peer, where, allowed)
    types = SPEC.child("policyTypes")
    if len(spec.policyTypes) > len(PolicyType):
        return [*faults, invalid_value(types, list(spec.policyTypes), "may not specify more than two policyTypes")]
    for position, policy_type in enumerate(spec.policyTypes):
        if policy_type not in tuple(PolicyType):
            faults.append(not_supported(types.at(position), policy_type, tuple(PolicyType)))
    return faults


def _port_faults(port: NetworkPolicyPort, path: Path) -> Iterable[Cause]:
    if port.protocol is not None and port.protocol not in PROTOCOLS:
        yield not_supported(path.child("protocol"), port.protocol, PROTOCOLS)
    where, last = path.child("endPort"), port.endPort
    match port.port:
        case None:
            if last is not None:
                yield invalid_value(where, last, "may not be specified when `port` is not specified")
        case int(first):
            yield from invalid_values(path.child("port"), first, port_number(first))
            if last is not None and last < first:
                yield invalid_value(where, last, "must be greater than or equal to `port`")
            if last is not None:
                yield from invalid_values(where, last, port_number(last))
        case str(name):
            if last is not None:
                yield invalid_value(where, last, "may not be specified when `port` is non-numeric")
            yield from invalid_values(path.child("port"), name, port_name(name))


def _peer_faults(peer: NetworkPolicyPeer, path: Path, allowed: _Allowed) -> list[Cause]:
    faults: list[Cause] = []
    has_selector = False
    for field in ("podSelector", "namespaceSelector"):
        if (selector := getattr(peer, field)) is not None:
            has_selector = True
            faults += validate_label_selector(selector, path.child(field), checks_values=not allowed.label_values)
    if peer.ipBlock is not None:
        faults += _block_faults(peer.ipBlock, path.child("ipBlock"), allowed.cidrs)
        if has_selector:
            faults.append(forbidden_field(path, "may not specify both ipBlock and another peer"))
    elif not has_selector:
        faults.append(required(path, "must specify a peer"))
    return faults


def _block_faults(block: IPBlock, path: Path, known: Collection[str]) -> list[Cause]:
    if not block.cidr:
        return [required(path.child("cidr"))]
    faults = _cidr_faults(block.cidr, path.child("cidr"), known)
    whole = network_of(block.cidr)
    if whole is None:
        return faults
    for position, text in enumerate(block.except_):
        where = path.child("except").at(position)
        faults += _cidr_faults(text, where, known)
        part = network_of(text)
        if part is not None and not _is_strict_subset(part, whole):
            faults.append(invalid_value(where, text, "must be a strict subset of `cidr`"))
    return faults


def _cidr_faults(text: str, path: Path, known: Collection[str]) -> list[Cause]:
    return [] if text in known else invalid_values(path, text, cidr(text))


def _is_strict_subset(part: Network, whole: Network) -> bool:
    return part.version == whole.version and part.network_address in whole and part.prefixlen > whole.prefixlen

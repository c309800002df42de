"""Living beside foreign firewalls: what must be let through theirs, so that pods reach each other and the node. Pure.

An accept in a table of our own doesn't help where another base chain drops: Docker and ufw let the FORWARD chain drop
by policy, ufw and firewalld the input too. So a few rules for our own bridges stand in their chains, marked by a
comment that names the cluster.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DOCKER_CHAIN = "DOCKER-USER"
"""Docker keeps it for rules that are not its own, and asks it first."""
FIREWALLD = "firewalld"
_REFUSING = ("DROP", "REJECT")
_NFT_NOTES = frozenset(("counter", "log"))
_NFT_REFUSALS = frozenset(("drop", "reject"))
_HOOKS = ("forward", "input")
OWN_PREFIX = "steersman-"
"""What the names of our own tables begin with."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is to be let through: traffic from and to these interfaces; `mark` is our rules' comment."""

    interfaces: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A base chain of nftables."""

    family: str
    table: str
    name: str
    hook: str
    drops: bool = True
    """By its policy."""

    def __str__(self) -> str:
        return f"{self.family} {self.table} {self.name}"


def iptables_missing(saved: str, opening: Opening) -> tuple[tuple[str, ...], ...]:
    """The rules to insert, as iptables' arguments, given what `iptables-save -t filter` printed."""
    policies, rules = _parse_saved(saved)
    wanted = []
    if _refuses("FORWARD", policies, rules):
        # After a flush Docker's chain may stand there without anything leading to it.
        is_asked = any(rule.split()[1:] == ["FORWARD", "-j", DOCKER_CHAIN] for rule in rules)
        chain = DOCKER_CHAIN if is_asked else "FORWARD"
        wanted += [(chain, *rule) for rule in _forward_rules(opening)]
    if _refuses("INPUT", policies, rules):
        wanted += [("INPUT", *rule) for rule in _input_rules(opening)]
    present = {tuple(shlex.split(rule)[1:]) for rule in rules}
    return tuple(("-I", *rule) for rule in wanted if rule not in present)


def iptables_ours(saved: str, opening: Opening) -> tuple[tuple[str, ...], ...]:
    """The deletions of every rule of ours."""
    _, rules = _parse_saved(saved)
    words = (shlex.split(rule) for rule in rules)
    return tuple(("-D", *rule[1:]) for rule in words if opening.mark in rule)


def base_chains(ruleset: Mapping[str, Any], *, has_iptables: bool) -> tuple[Chain, ...]:
    """The foreign base chains that filter what is forwarded or comes in, given `nft -j list chains`.

    iptables' own tables are left to iptables where it is installed: it doesn't like others' rules in them.
    """
    found = []
    for item in ruleset.get("nftables", ()):
        chain = item.get("chain")
        if chain is None or chain.get("type") != "filter" or chain.get("hook") not in _HOOKS:
            continue
        family, table = chain["family"], chain["table"]
        is_iptables = has_iptables and family == "ip" and table == "filter"
        if family in ("ip", "inet") and not is_iptables and not table.startswith(OWN_PREFIX):
            found.append(Chain(family, table, chain["name"], chain["hook"], chain.get("policy") == "drop"))
    return tuple(found)


def is_closed(chain: Chain, listed: Mapping[str, Any]) -> bool:
    """It drops by policy, or a rule without conditions refuses all, given `nft -j list chain` of it."""
    rules = (item["rule"].get("expr", ()) for item in listed.get("nftables", ()) if "rule" in item)
    return chain.drops or any(_refuses_all(rule) for rule in rules)


def _refuses_all(expressions: Sequence[Mapping[str, Any]]) -> bool:
    """What only notes the packet is no condition."""
    told = [expression for expression in expressions if _NFT_NOTES.isdisjoint(expression)]
    return len(told) == 1 and not _NFT_REFUSALS.isdisjoint(told[0])


def nft_missing(chain: Chain, listed: Mapping[str, Any], opening: Opening) -> str:
    """The commands that insert what the chain lacks, given `nft -j list chain` of it; empty if it lacks nothing."""
    present = {tuple(sorted(_interfaces(rule))) for rule in _own_rules(listed, opening)}
    matches = [("iifname", name) for name in opening.interfaces]
    if chain.hook == "forward":
        matches += [("oifname", name) for name in opening.interfaces]
    return "".join(
        f'insert rule {chain} {key} "{name}" accept comment "{opening.mark}"\n'
        for key, name in matches
        if ((key, name),) not in present
    )


def nft_ours(chain: Chain, listed: Mapping[str, Any], opening: Opening) -> str:
    """The commands that delete every rule of ours in the chain."""
    return "".join(f"delete rule {chain} handle {rule['handle']}\n" for rule in _own_rules(listed, opening))


def _forward_rules(opening: Opening) -> Iterable[tuple[str, ...]]:
    for name in opening.interfaces:
        yield "-i", name, *_accept(opening)
        yield "-o", name, *_accept(opening)


def _input_rules(opening: Opening) -> Iterable[tuple[str, ...]]:
    for name in opening.interfaces:
        yield "-i", name, *_accept(opening)


def _accept(opening: Opening) -> tuple[str, ...]:
    return "-m", "comment", "--comment", opening.mark, "-j", "ACCEPT"


def _parse_saved(saved: str) -> tuple[dict[str, str], list[str]]:
    """Each chain's policy (`-` for those without), and the rules as they were printed."""
    lines = saved.splitlines()
    policies = dict(line[1:].split()[:2] for line in lines if line.startswith(":"))
    return policies, [line for line in lines if line.startswith("-A ")]


def _refuses(chain: str, policies: Mapping[str, str], rules: Sequence[str]) -> bool:
    """It drops by policy, or a last rule without conditions refuses all."""
    ends = any(rule.split()[1:4] == [chain, "-j", verdict] for rule in rules for verdict in _REFUSING)
    return policies.get(chain) == "DROP" or ends


def _own_rules(listed: Mapping[str, Any], opening: Opening) -> Iterable[Mapping[str, Any]]:
    for item in listed.get("nftables", ()):
        rule = item.get("rule")
        if rule is not None and rule.get("comment") == opening.mark:
            yield rule


def _interfaces(rule: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for expression in rule.get("expr", ()):
        match = expression.get("match")
        if match is not None and "meta" in match.get("left", {}):
            yield match["left"]["meta"]["key"], match["right"]

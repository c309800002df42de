"""What is inserted into foreign firewalls, and nothing more."""

import struct

from steersman.cni.firewall import (
    Chain,
    Opening,
    base_chains,
    iptables_missing,
    iptables_ours,
    is_closed,
    nft_missing,
    nft_ours,
)
from steersman.cni.firewallkeeper import is_foreign
from steersman.cni.netlink import attribute

OPENING = Opening(("stm0",), "steersman-x")
MARK = ("-m", "comment", "--comment", "steersman-x", "-j", "ACCEPT")
FORWARD = Chain("inet", "strict", "forward", "forward")


def saved(*lines: str) -> str:
    return "\n".join(("*filter", *lines, "COMMIT"))


def test_an_open_firewall_is_left_alone() -> None:
    assert iptables_missing(saved(":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]"), OPENING) == ()
    assert iptables_missing("", OPENING) == ()


def test_dockers_own_chain_is_used_where_there_is_one() -> None:
    text = saved(":FORWARD DROP [0:0]", ":DOCKER-USER - [0:0]", "-A FORWARD -j DOCKER-USER")
    assert iptables_missing(text, OPENING) == (
        ("-I", "DOCKER-USER", "-i", "stm0", *MARK),
        ("-I", "DOCKER-USER", "-o", "stm0", *MARK),
    )


def test_what_is_there_is_not_inserted_again_and_can_be_taken_away() -> None:
    ours = "-A INPUT -i stm0 -m comment --comment steersman-x -j ACCEPT"
    text = saved(":INPUT DROP [0:0]", ":FORWARD ACCEPT [0:0]", ours, "-A INPUT -i eth0 -j ACCEPT")
    assert iptables_missing(text, OPENING) == ()
    assert iptables_ours(text, OPENING) == (("-D", "INPUT", "-i", "stm0", *MARK),)


def test_a_last_rule_that_refuses_all_closes_a_chain_as_a_policy_does() -> None:
    text = saved(":FORWARD ACCEPT [0:0]", "-A FORWARD -j REJECT --reject-with icmp-host-prohibited")
    assert len(iptables_missing(text, OPENING)) == 2


def test_a_chain_of_dockers_that_nothing_leads_to_is_not_used() -> None:
    missing = iptables_missing(saved(":FORWARD DROP [0:0]", ":DOCKER-USER - [0:0]"), OPENING)
    assert {rule[1] for rule in missing} == {"FORWARD"}


def test_only_foreign_chains_that_filter_are_looked_at() -> None:
    def chain(**changes: str) -> dict[str, dict[str, str]]:
        plain = {"family": "inet", "table": "strict", "name": "forward", "type": "filter", "hook": "forward"}
        return {"chain": {**plain, "policy": "drop", **changes}}

    items = [
        chain(),
        chain(hook="output"),
        chain(type="nat"),
        chain(family="ip", table="filter"),
        chain(family="bridge"),
        chain(table="steersman-x-cni"),
        {"metainfo": {}},
    ]
    ruleset = {"nftables": items}
    assert base_chains(ruleset, has_iptables=True) == (FORWARD,)
    assert Chain("ip", "filter", "forward", "forward") in base_chains(ruleset, has_iptables=False)


def test_a_chain_is_closed_by_its_policy_or_by_a_last_rule() -> None:
    accepting = Chain("inet", "firewalld", "filter_FORWARD", "forward", drops=False)
    match = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "evil0"}}
    some = {"nftables": [{"rule": {"expr": [match, {"drop": None}]}}]}
    every = {"nftables": [{"rule": {"expr": [{"reject": {"type": "icmpx"}}]}}]}
    assert is_closed(FORWARD, {})
    assert not is_closed(accepting, some)
    assert is_closed(accepting, every)


def test_news_of_our_own_tables_are_no_news() -> None:
    def message(kind: int, table: bytes) -> bytes:
        body = b"\x01\0\0\0" + attribute(1, table + b"\0")
        return struct.pack("=IHHII", 16 + len(body), 0x0A00 | kind, 0, 0, 0) + body

    new_rule, new_gen = 6, 15
    assert not is_foreign(message(new_rule, b"steersman-x-proxy") + message(new_gen, b""))
    assert is_foreign(message(new_rule, b"steersman-x-proxy") + message(new_rule, b"filter"))


def test_nft_rules_are_inserted_once_and_deleted_by_their_handle() -> None:
    match = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "stm0"}}
    listed = {"nftables": [{"rule": {"comment": "steersman-x", "handle": 7, "expr": [match, {"accept": None}]}}]}
    missing = nft_missing(FORWARD, listed, OPENING)
    assert missing == 'insert rule inet strict forward oifname "stm0" accept comment "steersman-x"\n'
    assert nft_ours(FORWARD, listed, OPENING) == "delete rule inet strict forward handle 7\n"
    assert nft_missing(Chain("inet", "strict", "input", "input"), listed, OPENING) == ""

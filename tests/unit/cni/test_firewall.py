"""What is inserted into foreign firewalls, and nothing more."""

from steersman.cni.firewall import (
    Chain,
    Opening,
    closed_chains,
    iptables_missing,
    iptables_ours,
    nft_missing,
    nft_ours,
)

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


def test_only_foreign_chains_that_drop_are_closed() -> None:
    def chain(**changes: str) -> dict[str, dict[str, str]]:
        plain = {"family": "inet", "table": "strict", "name": "forward", "type": "filter", "hook": "forward"}
        return {"chain": {**plain, "policy": "drop", **changes}}

    items = [
        chain(),
        chain(policy="accept"),
        chain(table="firewalld", policy="accept"),
        chain(hook="output"),
        chain(type="nat"),
        chain(family="ip", table="filter"),
        chain(family="bridge"),
        {"metainfo": {}},
    ]
    ruleset = {"nftables": items}
    assert closed_chains(ruleset, has_iptables=True) == (FORWARD, Chain("inet", "firewalld", "forward", "forward"))
    assert Chain("ip", "filter", "forward", "forward") in closed_chains(ruleset, has_iptables=False)


def test_nft_rules_are_inserted_once_and_deleted_by_their_handle() -> None:
    match = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "stm0"}}
    listed = {"nftables": [{"rule": {"comment": "steersman-x", "handle": 7, "expr": [match, {"accept": None}]}}]}
    missing = nft_missing(FORWARD, listed, OPENING)
    assert missing == 'insert rule inet strict forward oifname "stm0" accept comment "steersman-x"\n'
    assert nft_ours(FORWARD, listed, OPENING) == "delete rule inet strict forward handle 7\n"
    assert nft_missing(Chain("inet", "strict", "input", "input"), listed, OPENING) == ""

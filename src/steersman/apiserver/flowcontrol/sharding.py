"""Shuffle sharding: each flow has a hand of queues, so that two flows seldom share all of theirs.

Source: apiserver/pkg/util/shufflesharding, apf_controller.go: hashFlowID.
"""

from hashlib import sha256


def flow_hash(schema: str, distinguisher: str) -> int:
    """64 bits that stand for a flow."""
    return int.from_bytes(sha256(f"{schema}\0{distinguisher}".encode()).digest()[:8], "little")


def deal(hash_: int, queues: int, hand_size: int) -> tuple[int, ...]:
    """A hand of different queues, each below `queues`, as the hash shuffles them."""
    hand: list[int] = []
    remainders: list[int] = []
    for position in range(hand_size):
        hash_, card = divmod(hash_, queues - position)
        remainders.append(card)
        # The card counts those that are left: each that was dealt before and lies below moves it up by one.
        for earlier in reversed(remainders[:position]):
            if card >= earlier:
                card += 1
        hand.append(card)
    return tuple(hand)

"""What an expression speaks of."""

from collections.abc import Iterator
from dataclasses import fields

from steersman.apimachinery.cel.ast import Expr, Ident, Node


def names_in(tree: Expr) -> frozenset[str]:
    """Every name of a variable in a tree, those of macros too."""
    return frozenset(one.name for one in nodes_in(tree) if isinstance(one, Ident))


def nodes_in(tree: Node) -> Iterator[Node]:
    """Every node of a tree, itself too."""
    waiting: list[Node] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for one_field in fields(node):
            value = getattr(node, one_field.name)
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, Node):
                    waiting.append(one)

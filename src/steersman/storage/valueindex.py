"""Where the objects with a value are, so that who asks for one value doesn't look at all objects."""

from collections.abc import Callable, Collection, Iterable

from steersman.storage.cached import CachedObject

# The values an object is found by; the empty one isn't kept.
Values = Callable[[CachedObject], Collection[str]]


class ValueIndex:
    """Keys of objects by their values. field: the selectable field whose values these are, if it is one."""

    def __init__(self, values: Values, field: str = "") -> None:
        self.field = field
        self.values = values
        self._keys: dict[str, set[str]] = {}

    def begin(self, objects: Iterable[CachedObject]) -> None:
        """Begin anew with these."""
        self._keys.clear()
        for one in objects:
            self.change(None, one)

    def change(self, old: CachedObject | None, new: CachedObject | None) -> None:
        """Something came, went, or is otherwise now."""
        before = frozenset(self.values(old)) if old is not None else frozenset()
        after = frozenset(self.values(new)) if new is not None else frozenset()
        for value in before - after:
            assert old is not None
            keys = self._keys.get(value)
            if keys is not None:
                keys.discard(old.key)
                if not keys:
                    del self._keys[value]
        for value in after - before:
            assert new is not None
            if value:
                self._keys.setdefault(value, set()).add(new.key)

    def keys(self, value: str) -> Iterable[str]:
        """The keys of objects with a value, in no order."""
        return self._keys.get(value, ())


def by_field(field: str) -> ValueIndex:
    """Objects by the value of a selectable field."""
    return ValueIndex(lambda one: (one.facts.fields.get(field, ""),), field)

"""Where the objects with a value in one field are, so that who asks for one value doesn't look at all objects."""

from collections.abc import Iterable

from steersman.storage.cached import CachedObject


class FieldIndex:
    """Keys of objects by the value of one selectable field; the empty value isn't kept."""

    def __init__(self, field: str) -> None:
        self.field = field
        self._keys: dict[str, set[str]] = {}

    def begin(self, objects: Iterable[CachedObject]) -> None:
        """Begin anew with these."""
        self._keys.clear()
        for one in objects:
            self.change(None, one)

    def change(self, old: CachedObject | None, new: CachedObject | None) -> None:
        """Something came, went, or is otherwise now."""
        before = old.facts.fields.get(self.field, "") if old is not None else ""
        after = new.facts.fields.get(self.field, "") if new is not None else ""
        if before == after:
            return
        if old is not None and before:
            keys = self._keys[before]
            keys.discard(old.key)
            if not keys:
                del self._keys[before]
        if new is not None and after:
            self._keys.setdefault(after, set()).add(new.key)

    def keys(self, value: str) -> Iterable[str]:
        """The keys of objects with a value, in no order."""
        return self._keys.get(value, ())

"""Paths of fields as rules write them: `.spec.a['b.c']`."""

from collections.abc import Iterator


def field_names(path: str) -> Iterator[str]:
    """The fields of `.spec.a['b.c']`. ValueError for what is no such path."""
    rest = path
    while rest:
        if rest.startswith("['"):
            end = rest.find("']")
            if end < 0:
                raise ValueError("unexpected end of JSON path")
            yield rest[2:end].replace("\\'", "'").replace("\\\\", "\\")
            rest = rest[end + 2 :]
        elif rest.startswith("."):
            name = rest[1:]
            end = min((at for sign in ".[" if (at := name.find(sign)) >= 0), default=len(name))
            if not name[:end]:
                raise ValueError("unexpected end of JSON path")
            yield name[:end]
            rest = name[end:]
        else:
            raise ValueError(f"expected [ or . but got: {rest}")

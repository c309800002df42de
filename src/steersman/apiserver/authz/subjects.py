"""Who a binding is about: a text for each subject, by which the bindings of a user are found among all."""

from collections.abc import Iterator

import msgspec

from steersman.apiserver.user import ACCOUNT_PREFIX, UserInfo

USER, GROUP = "User:", "Group:"


class _Subject(msgspec.Struct):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class _Meta(msgspec.Struct):
    namespace: str = ""


class _Binding(msgspec.Struct):
    """A binding of which only what is needed is read."""

    metadata: _Meta
    subjects: list[_Subject] = []


_binding = msgspec.json.Decoder(_Binding)


def subjects_of(stored: bytes) -> tuple[str, ...]:
    """The subjects of a stored binding; those of a RoleBinding with their namespace before them."""
    binding = _binding.decode(stored)
    namespace = binding.metadata.namespace
    names = dict.fromkeys(_name(one, namespace) for one in binding.subjects)
    return tuple(within(namespace, name) for name in names if name)


def names_of(user: UserInfo) -> Iterator[str]:
    """What a user may be called in bindings."""
    yield USER + user.name
    for group in user.groups:
        yield GROUP + group


def within(namespace: str, name: str) -> str:
    """A subject of the bindings of a namespace."""
    return f"{namespace}/{name}" if namespace else name


def _name(subject: _Subject, namespace: str) -> str:
    match subject.kind:
        case "User":
            return USER + subject.name
        case "Group":
            return GROUP + subject.name
        case "ServiceAccount":
            return f"{USER}{ACCOUNT_PREFIX}{subject.namespace or namespace}:{subject.name}"
        case _:
            return ""

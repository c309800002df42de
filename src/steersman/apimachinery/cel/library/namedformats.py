"""Formats of texts that can be asked for by name. Source: apiserver/pkg/cel/library/format.go."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from steersman.apimachinery import formats
from steersman.apimachinery.cel.library.urls import parse_url
from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.values import NOTHING, EvaluationError, Optional
from steersman.apimachinery.stringformats import FORMATS as STRING_FORMATS


@dataclass(frozen=True, slots=True)
class Format:
    """check: what is wrong with a text. pattern_size: for the cost."""

    name: str
    check: Callable[[str], list[str]]
    pattern_size: int
    type_name: ClassVar[str] = "kubernetes.NamedFormat"

    def validate(self, text: str) -> Optional:
        """What is wrong with a text, if anything."""
        found = self.check(text)
        return Optional(True, found) if found else NOTHING


def _prefix(check: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """A prefix may end in a dash: what is generated comes after it."""
    return lambda text: check(f"{text[:-1]}a" if text.endswith("-") else text)


def _uri(text: str) -> list[str]:
    try:
        parse_url(text)
    except EvaluationError as error:
        return [str(error).removeprefix("URL parse error during conversion from string: ")]
    return []


def _known(name: str, words: str) -> Callable[[str], list[str]]:
    return lambda text: [] if STRING_FORMATS[name](text) else [words]


FORMATS = {
    one.name: one
    for one in (
        Format("dns1123Label", formats.dns1123_label, 30),
        Format("dns1123Subdomain", formats.dns1123_subdomain, 60),
        Format("dns1035Label", formats.dns1035_label, 30),
        Format("qualifiedName", formats.qualified_name, 60),
        Format("dns1123LabelPrefix", _prefix(formats.dns1123_label), 30),
        Format("dns1123SubdomainPrefix", _prefix(formats.dns1123_subdomain), 60),
        Format("dns1035LabelPrefix", _prefix(formats.dns1035_label), 30),
        Format("labelValue", formats.label_value, 40),
        Format("uri", _uri, 2000),
        Format("uuid", _known("uuid", "does not match the UUID format"), 91),
        Format("byte", _known("byte", "invalid base64"), 90),
        Format("date", _known("date", "invalid date"), 110),
        Format("datetime", _known("datetime", "invalid datetime"), 110),
    )
}


def _constant(found: Format) -> Callable[[], Format]:
    return lambda: found


def _named(name: str) -> Optional:
    return Optional(True, FORMATS[name]) if name in FORMATS else NOTHING


FUNCTIONS = (
    *(Function(f"format\\.{name}(): kubernetes.NamedFormat", _constant(one)) for name, one in FORMATS.items()),
    Function("format\\.named(string): optional<kubernetes.NamedFormat>", _named),
    Function("kubernetes.NamedFormat.validate(string): optional<list<string>>", Format.validate),
)

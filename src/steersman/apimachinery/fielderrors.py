"""What can be wrong with a field, in upstream's words: each function makes the `Cause` that `status.invalid` collects.

Source: apimachinery/pkg/util/validation/field/errors.go.
"""

from collections.abc import Iterable
from enum import Enum

from steersman.apimachinery import gotext
from steersman.apimachinery.status import Cause


class FieldErrorType(Enum):
    """The kinds of field errors: the reason in `details.causes`, and the words the message begins with."""

    NOT_FOUND = ("FieldValueNotFound", "Not found")
    REQUIRED = ("FieldValueRequired", "Required value")
    DUPLICATE = ("FieldValueDuplicate", "Duplicate value")
    INVALID = ("FieldValueInvalid", "Invalid value")
    NOT_SUPPORTED = ("FieldValueNotSupported", "Unsupported value")
    FORBIDDEN = ("FieldValueForbidden", "Forbidden")
    TOO_LONG = ("FieldValueTooLong", "Too long")
    TOO_SHORT = ("FieldValueTooShort", "Too short")
    TOO_MANY = ("FieldValueTooMany", "Too many")
    TOO_FEW = ("FieldValueTooFew", "Too few")
    TYPE_INVALID = ("FieldValueTypeInvalid", "Invalid value")
    INTERNAL = ("InternalError", "Internal error")

    def __init__(self, reason: str, words: str) -> None:
        self.reason = reason
        self.words = words


_OMITTED = object()


def field_error(kind: FieldErrorType, path: str, bad_value: object = _OMITTED, detail: str = "") -> Cause:
    """The cause of any kind; the value stands in the message only where it is given."""
    parts = [kind.words]
    if bad_value is not _OMITTED:
        parts.append(gotext.value(bad_value))
    if detail:
        parts.append(detail)
    return Cause(kind.reason, ": ".join(parts), str(path) or "<nil>")


def required(path: str, detail: str = "") -> Cause:
    """`Required value`: absent, or empty."""
    return field_error(FieldErrorType.REQUIRED, path, detail=detail)


def invalid_value(path: str, bad_value: object, detail: str) -> Cause:
    """`Invalid value: "x": detail`."""
    return field_error(FieldErrorType.INVALID, path, bad_value, detail)


def invalid_values(path: str, bad_value: object, details: Iterable[str]) -> list[Cause]:
    """One `Invalid value` for each complaint of a format check."""
    return [invalid_value(path, bad_value, detail) for detail in details]


def not_supported(path: str, bad_value: object, supported: Iterable[str]) -> Cause:
    """`Unsupported value: "x": supported values: "A", "B"`, in the order given."""
    listed = ", ".join(gotext.quote(str(one)) for one in supported)
    detail = f"supported values: {listed}" if listed else ""
    return field_error(FieldErrorType.NOT_SUPPORTED, path, bad_value, detail)


def forbidden_field(path: str, detail: str) -> Cause:
    """`Forbidden: detail`."""
    return field_error(FieldErrorType.FORBIDDEN, path, detail=detail)


def duplicate(path: str, bad_value: object) -> Cause:
    """`Duplicate value: "x"`."""
    return field_error(FieldErrorType.DUPLICATE, path, bad_value)


def missing(path: str, bad_value: object) -> Cause:
    """`Not found: "x"`: the value names something that isn't there."""
    return field_error(FieldErrorType.NOT_FOUND, path, bad_value)


def too_long(path: str, limit: int) -> Cause:
    """`Too long: may not be more than 63 bytes`."""
    unit = "byte" if limit == 1 else "bytes"
    return field_error(FieldErrorType.TOO_LONG, path, detail=f"may not be more than {limit} {unit}")


def too_many(path: str, actual: int, limit: int) -> Cause:
    """`Too many: 9: must have at most 8 items`."""
    unit = "item" if limit == 1 else "items"
    return field_error(FieldErrorType.TOO_MANY, path, actual, f"must have at most {limit} {unit}")


def type_invalid(path: str, bad_value: object, detail: str) -> Cause:
    """`Invalid value: "x": detail`, for a value of the wrong type."""
    return field_error(FieldErrorType.TYPE_INVALID, path, bad_value, detail)


def internal(path: str, error: object) -> Cause:
    """`Internal error: error`."""
    return field_error(FieldErrorType.INTERNAL, path, detail=str(error))

"""Times as the API writes them: RFC 3339 in UTC, whole seconds, or six digits of a second for MicroTime."""

from datetime import UTC, datetime

Time = datetime


class MicroTime(datetime):
    """A time always written with microseconds, which Go's parser of this type insists on."""

    @classmethod
    def of(cls, moment: datetime) -> "MicroTime":
        """The same moment as a MicroTime."""
        return cls.fromtimestamp(moment.timestamp(), UTC)


def to_time(moment: datetime) -> datetime:
    """Cut to whole seconds, the precision of metav1.Time."""
    return moment.astimezone(UTC).replace(microsecond=0)


def format_time(moment: datetime) -> str:
    """RFC 3339 with whole seconds and `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_micro_time(moment: datetime) -> str:
    """RFC 3339 with six digits of a second and `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """An aware datetime from RFC 3339; ValueError for anything else, local times included."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment

"""How long ago, in the few characters of a table cell.

Source: apimachinery/pkg/util/duration: HumanDuration.
"""

from datetime import datetime

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400


def human_duration(seconds: float) -> str:
    """Two units while they are small, one when they aren't: `75s`, `3m20s`, `5h30m`, `2d4h`, `40d`, `3y`."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    if whole < 2 * MINUTE:
        return f"{whole}s"
    minutes, hours, days, years = whole // MINUTE, whole // HOUR, whole // DAY, whole // YEAR
    if minutes < 10:
        return _two(minutes, "m", whole % MINUTE, "s")
    if minutes < 3 * 60:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 8 * 24:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    if days < 8 * 365:
        return _two(years, "y", days % 365, "d")
    return f"{years}y"


def age(since: datetime | None, now: datetime) -> str:
    """The time since a moment, `<unknown>` when there is none."""
    return human_duration((now - since).total_seconds()) if since is not None else "<unknown>"


def _two(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big}{big_unit}{small}{small_unit}" if small else f"{big}{big_unit}"

"""What stands in the queues, as tables of text for those who look for who keeps others waiting.

Source: apiserver/pkg/util/flowcontrol/apf_controller_debug.go.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from steersman.apiserver.flowcontrol.levels import Level
from steersman.apiserver.flowcontrol.queueset import Ticket
from steersman.component.clock import Clock

PREFIX = "/debug/api_priority_and_fairness/"
LEVEL_COLUMNS = (
    "PriorityLevelName", "ActiveQueues", "IsIdle", "IsQuiescing", "WaitingRequests", "ExecutingRequests",
    "DispatchedRequests", "RejectedRequests", "TimedoutRequests", "CancelledRequests",
)  # fmt: skip
QUEUE_COLUMNS = (
    "PriorityLevelName", "Index", "PendingRequests", "ExecutingRequests", "SeatsInUse", "NextDispatchR",
    "InitialSeatsSum", "MaxSeatsSum", "TotalWorkSum",
)  # fmt: skip
REQUEST_COLUMNS = (
    "PriorityLevelName", "FlowSchemaName", "QueueIndex", "RequestIndexInQueue", "FlowDistingsher", "ArriveTime",
    "InitialSeats", "FinalSeats", "AdditionalLatency", "StartTime",
)  # fmt: skip
DETAIL_COLUMNS = ("UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource")
# Columns are at least so wide, with a blank after the text.
NARROWEST = 8

Row = Sequence[object]


class Dumps:
    """The tables of one server's levels."""

    def __init__(self, levels: Callable[[], Mapping[str, Level]], clock: Clock) -> None:
        self._levels = levels
        self._clock = clock

    def answer(self, path: str, with_details: bool) -> str | None:
        """The table at a path; None if there is none."""
        levels = sorted(self._levels().values(), key=lambda one: one.name)
        match path.removeprefix(PREFIX):
            case "dump_priority_levels":
                return _table(LEVEL_COLUMNS, [_level_row(one) for one in levels])
            case "dump_queues":
                return _table(QUEUE_COLUMNS, [row for one in levels for row in _queue_rows(one)])
            case "dump_requests":
                columns = REQUEST_COLUMNS + (DETAIL_COLUMNS if with_details else ())
                return _table(columns, [row for one in levels for row in self._request_rows(one, with_details)])
            case _:
                return None

    def _request_rows(self, level: Level, with_details: bool) -> Iterable[Row]:
        for index, queue in enumerate(level.queues.queues):
            for place, ticket in enumerate(queue.waiting):
                yield self._request_row(level, index, place, ticket, with_details)
            for ticket in queue.executing:
                yield self._request_row(level, index, -1, ticket, with_details)
        for ticket in level.queues.unqueued:
            yield self._request_row(level, -1, -1, ticket, with_details)

    def _request_row(self, level: Level, index: int, place: int, ticket: Ticket, with_details: bool) -> Row:
        work, flow = ticket.work, ticket.flow
        row: list[object] = [level.name, flow.schema, index, place, flow.distinguisher, self._moment(ticket.arrived)]
        row += [work.initial_seats, work.final_seats, f"{work.lingering_seconds * 1000:g}ms"]
        row.append(self._moment(ticket.started) if ticket.started else "0001-01-01T00:00:00Z")
        if with_details:
            user, info = ticket.about
            version = f"{info.group}/{info.version}" if info.group else info.version
            row += [user.name, info.verb, info.path, info.namespace, info.name, version]
            row += [info.resource, info.subresource]
        return row

    def _moment(self, monotonic: float) -> str:
        ago = timedelta(seconds=self._clock.monotonic() - monotonic)
        return (self._clock.now() - ago).isoformat().replace("+00:00", "Z")


def _level_row(level: Level) -> Row:
    queues = level.queues
    active = sum(bool(one.waiting) for one in queues.queues)
    state = (level.name, active, queues.is_idle, level.is_quiescing, queues.waiting, queues.executing)
    return (*state, queues.dispatched, queues.rejected, 0, queues.cancelled)


def _queue_rows(level: Level) -> Iterable[Row]:
    for index, queue in enumerate(level.queues.queues):
        initial = sum(one.work.initial_seats for one in queue.waiting)
        most = sum(one.seats for one in queue.waiting)
        counts = (len(queue.waiting), len(queue.executing), queue.seats_in_use)
        yield (level.name, index, *counts, f"{queue.next_r:.8f}ss", initial, most, f"{queue.work_waiting:.8f}ss")


def _table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Cells with a comma after each but the last of a row, in columns as wide as their widest cell."""
    lines = [[_text(cell) for cell in row] for row in (columns, *rows)]
    cells = [[*(f"{cell}," for cell in line[:-1]), line[-1]] for line in lines]
    widths = [max(NARROWEST, 1 + max(map(len, column))) for column in zip(*cells, strict=True)]
    return "".join(_line(line, widths) for line in cells)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells[:-1], widths, strict=False)) + cells[-1] + "\n"


def _text(cell: object) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)

"""The priority levels as their objects have them: what each may use now, and what it lends and borrows.

Source: apiserver/pkg/util/flowcontrol/apf_controller.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from steersman.api.flowcontrol import PriorityLevelConfiguration, PriorityLevelConfigurationSpec
from steersman.api.flowcontrol.mandatory import EXEMPT, MANDATORY_PRIORITY_LEVELS
from steersman.api.meta import ObjectMeta
from steersman.apiserver.flowcontrol.allocation import Claim, allocate
from steersman.apiserver.flowcontrol.demand import DemandStats
from steersman.apiserver.flowcontrol.queueset import EXEMPT_QUEUES, QueueSet, Shape
from steersman.apiserver.flowcontrol.retryafter import RetryAfter

# The part of a level that one request may take.
MOST_SEATS_PART = 0.15


@dataclass(slots=True)
class Level:
    """One priority level at work. Limits are in seats."""

    config: PriorityLevelConfiguration
    queues: QueueSet
    retry_after: RetryAfter = field(default_factory=RetryAfter)
    stats: DemandStats = field(default_factory=DemandStats)
    nominal: int = 0
    lowest: int = 0
    highest: int = 0
    target: float = 0.0
    # 0 where the level has no say in it.
    most_seats: int = 0
    # Nobody wants it any more; it goes when its requests are done.
    is_quiescing: bool = False

    @property
    def name(self) -> str:
        """Its object's."""
        return self.config.metadata.name

    @property
    def is_exempt(self) -> bool:
        """Its requests never wait."""
        return self.config.spec.type == "Exempt"


def shape_of(spec: PriorityLevelConfigurationSpec) -> Shape:
    """How a level queues."""
    if spec.limited is None:
        return Shape(EXEMPT_QUEUES)
    queuing = spec.limited.limitResponse.queuing
    return Shape(0) if queuing is None else Shape(queuing.queues, queuing.handSize, queuing.queueLengthLimit)


class Levels:
    """All levels of a server that has so many seats."""

    def __init__(self, seats: int, now: float) -> None:
        self._seats = seats
        self.by_name: dict[str, Level] = {}
        self.nominal_sum = 0
        self.fraction = 0.0
        self.configure((), now)

    def configure(self, wanted: Sequence[PriorityLevelConfiguration], now: float) -> None:
        """These are there. Mandatory ones are always; those that went finish what they have begun."""
        levels: dict[str, Level] = {}
        configs = {one.metadata.name: one for one in _with_mandatory(wanted) if _is_sound(one)}
        for name, config in configs.items():
            known = self.by_name.get(name)
            if known is None:
                known = Level(config, QueueSet(shape_of(config.spec), 0, now))
            known.config, known.is_quiescing = config, False
            levels[name] = known
        for name, level in self.by_name.items():
            if name not in levels and not level.queues.is_idle:
                level.is_quiescing = True
                levels[name] = level
        fresh = set(levels) - set(self.by_name)
        self.by_name = levels
        self._share_out(fresh, now)

    def _share_out(self, fresh: set[str], now: float) -> None:
        shares = sum(_shares(one) for one in self.by_name.values())
        self.nominal_sum = 0
        for name, level in self.by_name.items():
            level.nominal = ceil(self._seats * _shares(level) / shares) if shares else 0
            lent, borrowed = _lending(level)
            lendable = _rounded(level.nominal * lent / 100)
            level.lowest = level.nominal - lendable
            level.highest = level.nominal + (
                self._seats if borrowed is None else _rounded(level.nominal * borrowed / 100)
            )
            level.most_seats = _most_seats(level)
            self.nominal_sum += level.nominal
            if name in fresh:
                level.queues.limit = level.nominal - lendable // 2
        self.adjust(now)

    def adjust(self, now: float) -> None:
        """Lend what is left over to those who can use it, by what was wanted since the last time."""
        for level in self.by_name.values():
            level.stats = level.queues.demand.summary(level.stats, now)
        current = self._current()
        for name, level in self.by_name.items():
            level.queues.configure(shape_of(level.config.spec), current[name], now)

    def _current(self) -> Mapping[str, int]:
        exempt = {name: max(one.lowest, one.stats.highest) for name, one in self.by_name.items() if one.is_exempt}
        limited = {name: one for name, one in self.by_name.items() if not one.is_exempt}
        least = {name: max(one.lowest, min(one.nominal, one.stats.highest)) for name, one in limited.items()}
        lowest_sum, least_sum = sum(one.lowest for one in limited.values()), sum(least.values())
        remaining = self.nominal_sum - sum(exempt.values())
        for name, one in limited.items():
            one.target = max(float(least[name]), one.stats.smoothed)
        self.fraction = 0.0
        if remaining <= lowest_sum:
            return exempt | {name: one.lowest for name, one in limited.items()}
        if remaining <= least_sum:
            part = (remaining - lowest_sum) / (least_sum - lowest_sum)
            return exempt | {
                name: one.lowest + _rounded((least[name] - one.lowest) * part) for name, one in limited.items()
            }
        claims = [Claim(one.target, least[name], one.highest) for name, one in limited.items()]
        found = allocate(self.nominal_sum, claims)
        if found is None:
            return exempt | {name: one.queues.limit for name, one in limited.items()}
        self.fraction = found.fraction
        return exempt | {name: _rounded(share) for name, share in zip(limited, found.shares, strict=True)}


def _with_mandatory(wanted: Sequence[PriorityLevelConfiguration]) -> list[PriorityLevelConfiguration]:
    present = {one.metadata.name for one in wanted if _is_sound(one)}
    imagined = (
        PriorityLevelConfiguration(metadata=ObjectMeta(name=name), spec=spec)
        for name, spec in MANDATORY_PRIORITY_LEVELS.items()
        if name not in present
    )
    return [*wanted, *imagined]


def _is_sound(level: PriorityLevelConfiguration) -> bool:
    """What validation sees to; an object may have been stored without it."""
    spec = level.spec
    if (spec.type == "Limited") != (spec.limited is not None):
        return False
    if (spec.type == "Exempt") != (spec.exempt is not None) or (spec.type == "Exempt") != (
        level.metadata.name == EXEMPT
    ):
        return False
    if spec.limited is None or (queuing := spec.limited.limitResponse.queuing) is None:
        return spec.limited is None or spec.limited.limitResponse.type == "Reject"
    return 0 < queuing.handSize <= queuing.queues


def _shares(level: Level) -> int:
    spec = level.config.spec
    if spec.limited is not None:
        return spec.limited.nominalConcurrencyShares or 0
    return (spec.exempt.nominalConcurrencyShares or 0) if spec.exempt is not None else 0


def _lending(level: Level) -> tuple[int, int | None]:
    """The percents it lends, and may borrow."""
    spec = level.config.spec
    if spec.limited is not None:
        return spec.limited.lendablePercent or 0, spec.limited.borrowingLimitPercent
    return (spec.exempt.lendablePercent or 0) if spec.exempt is not None else 0, None


def _most_seats(level: Level) -> int:
    shape = shape_of(level.config.spec)
    if shape.queues < 1:
        return 0
    return max(1, min(ceil(level.nominal * MOST_SEATS_PART), level.nominal // shape.hand_size))


def _rounded(value: float) -> int:
    """Halves away from zero, as Go rounds."""
    return int(value + 0.5)

"""Metrics in Prometheus' text format, and in OpenMetrics'. A Registry is passed to whoever counts; nothing is global.

The text of a metric begins with how settled it is, as upstream's do: `[STABLE] Counter of ...`; without, it is ALPHA.

On a hot path, hold the child: `requests = registry.counter(...)`, `gets = requests.labels("GET")`, then `gets.inc()`.
"""

from bisect import bisect_left
from collections import Counter as CountOf
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
STABILITIES = ("ALPHA", "BETA", "STABLE")


class Value:
    """A number under one set of label values: a counter's or a gauge's."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Add to it."""
        self.value += amount


class Level(Value):
    """A number that goes up and down."""

    __slots__ = ()

    def set(self, value: float) -> None:
        """Set it."""
        self.value = value

    def dec(self, amount: float = 1.0) -> None:
        """Take from it."""
        self.value -= amount


class Distribution:
    """Observations under one set of label values, counted by bucket."""

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.sum += value


Child = TypeVar("Child", Value, Level, Distribution)


class Metric(Generic[Child]):
    """A named metric; each set of label values has its own child."""

    kind: ClassVar[str] = "untyped"

    def __init__(self, name: str, help_: str, labels: Sequence[str]) -> None:
        self.name = name
        self.help = help_
        self.stability = next((one for one in STABILITIES if help_.startswith(f"[{one}]")), "")
        self.label_names = tuple(labels)
        self._children: dict[tuple[str, ...], Child] = {}

    def labels(self, *values: str) -> Child:
        """The child of these label values, in the order the labels were declared."""
        child = self._children.get(values)
        if child is None:
            if len(values) != len(self.label_names):
                raise ValueError(f"{self.name} has labels {self.label_names}, not {len(values)}")
            child = self._children[values] = self._new_child()
        return child

    @property
    def known(self) -> tuple[tuple[str, ...], ...]:
        """The label values that have a child."""
        return tuple(self._children)

    def forget(self, *values: str) -> None:
        """Drop a child whose subject is gone."""
        self._children.pop(values, None)

    def clear(self) -> None:
        """Drop every child."""
        self._children.clear()

    @property
    def family(self) -> str:
        """What OpenMetrics calls the metric."""
        return self.name

    def render(self, is_open: bool = False) -> Iterator[str]:
        """The lines of the text format, or of OpenMetrics."""
        if self._children:
            name = self.family if is_open else self.name
            text = _escaped(self.help) if is_open else _escaped_help(self.help)
            yield f"# HELP {name} {text}\n# TYPE {name} {self.kind}\n"
        for values, child in sorted(self._children.items()):
            pairs = ",".join(
                f'{name}="{_escaped(value)}"' for name, value in zip(self.label_names, values, strict=True)
            )
            yield from self._samples(pairs, child, is_open)

    def _new_child(self) -> Child:
        raise NotImplementedError

    def _samples(self, pairs: str, child: Child, is_open: bool) -> Iterator[str]:
        raise NotImplementedError


class Counter(Metric[Value]):
    """A count that only grows."""

    kind = "counter"

    def inc(self, *values: str, amount: float = 1.0) -> None:
        """Add to the child of these label values."""
        self.labels(*values).value += amount

    def _new_child(self) -> Value:
        return Value()

    @property
    def family(self) -> str:
        """OpenMetrics ends the samples of a counter with `_total`, not its name."""
        return self.name.removesuffix("_total")

    def _samples(self, pairs: str, child: Value, is_open: bool) -> Iterator[str]:
        yield _sample(f"{self.family}_total" if is_open else self.name, pairs, child.value)


class Gauge(Metric[Level]):
    """A number that goes up and down."""

    kind = "gauge"

    def set(self, value: float, *values: str) -> None:
        """Set the child of these label values."""
        self.labels(*values).value = value

    def _new_child(self) -> Level:
        return Level()

    def _samples(self, pairs: str, child: Level, is_open: bool) -> Iterator[str]:
        yield _sample(self.name, pairs, child.value)


class Histogram(Metric[Distribution]):
    """How observations are spread over buckets."""

    kind = "histogram"

    def __init__(self, name: str, help_: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        super().__init__(name, help_, labels)
        self.buckets = tuple(sorted(buckets))

    def observe(self, value: float, *values: str) -> None:
        """Count an observation under these label values."""
        self.labels(*values).observe(value)

    def _new_child(self) -> Distribution:
        return Distribution(self.buckets)

    def _samples(self, pairs: str, child: Distribution, is_open: bool) -> Iterator[str]:
        prefix = pairs + "," if pairs else ""
        total = 0
        for bound, count in zip((*self.buckets, float("inf")), child.counts, strict=True):
            total += count
            shown = repr(float(bound)) if is_open and bound != float("inf") else _number(bound)
            yield _sample(f"{self.name}_bucket", f'{prefix}le="{shown}"', total)
        yield _sample(f"{self.name}_sum", pairs, child.sum)
        yield _sample(f"{self.name}_count", pairs, total)


M = TypeVar("M", Counter, Gauge, Histogram)


class Registry:
    """The metrics of one process, or of one cluster inside a test."""

    def __init__(self) -> None:
        self._metrics: dict[str, Counter | Gauge | Histogram] = {}
        self._collectors: list[Callable[[], None]] = []

    def counter(self, name: str, help_: str, labels: Sequence[str] = ()) -> Counter:
        """The counter of this name, made at the first call; without labels it begins at 0."""
        return self._named(Counter(name, help_, labels))

    def gauge(self, name: str, help_: str, labels: Sequence[str] = ()) -> Gauge:
        """The gauge of this name, made at the first call."""
        return self._named(Gauge(name, help_, labels))

    def histogram(
        self, name: str, help_: str, labels: Sequence[str] = (), buckets: Sequence[float] = DEFAULT_BUCKETS
    ) -> Histogram:
        """The histogram of this name, made at the first call; buckets are upper bounds, +Inf is added."""
        return self._named(Histogram(name, help_, labels, buckets))

    def on_render(self, collect: Callable[[], None]) -> None:
        """Call this before each render: for gauges that are cheaper to read when asked than to keep."""
        self._collectors.append(collect)

    def render(self) -> bytes:
        """Every metric that has a value, in Prometheus' text format."""
        return "".join(self._lines(is_open=False)).encode()

    def render_open(self) -> bytes:
        """The same as OpenMetrics."""
        return "".join((*self._lines(is_open=True), "# EOF\n")).encode()

    def _lines(self, is_open: bool) -> Iterator[str]:
        for collect in self._collectors:
            collect()
        for name in sorted(self._metrics):
            yield from self._metrics[name].render(is_open)

    def count_itself(self) -> None:
        """Tell how many metrics there are. Source: component-base/metrics: registered_metrics_total."""
        total = self.counter(
            "registered_metrics_total",
            "[BETA] The count of registered metrics broken by stability level and deprecation version.",
            ("stability_level", "deprecated_version"),
        )

        def collect() -> None:
            for stability, count in CountOf(one.stability or STABILITIES[0] for one in self._metrics.values()).items():
                total.labels(stability, "").value = count

        self.on_render(collect)

    def _named(self, metric: M) -> M:
        known = self._metrics.get(metric.name)
        if known is not None:
            if type(known) is not type(metric) or known.label_names != metric.label_names:
                raise ValueError(f"metric {metric.name} stands already, with another type or other labels")
            return known
        self._metrics[metric.name] = metric
        if not metric.label_names:
            metric.labels()
        return metric


def _sample(name: str, pairs: str, value: float) -> str:
    return f"{name}{{{pairs}}} {_number(value)}\n" if pairs else f"{name} {_number(value)}\n"


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    if value == float("-inf"):
        return "-Inf"
    if value != value:
        return "NaN"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escaped_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")

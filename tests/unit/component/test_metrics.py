import pytest

from steersman.component.metrics import Registry


def test_the_text_format_is_prometheus() -> None:
    registry = Registry()
    requests = registry.counter("requests_total", "Requests\nserved.", ("verb", "path"))
    requests.inc("GET", '/a"b\\c\n')
    requests.labels("GET", '/a"b\\c\n').inc(2)
    registry.gauge("depth", "Depth.").set(1.5)
    duration = registry.histogram("seconds", "Duration.", ("verb",), buckets=(0.1, 1))
    for value in (0.05, 0.1, 0.5, 7):
        duration.observe(value, "GET")
    assert registry.render().decode() == (
        "# HELP depth Depth.\n# TYPE depth gauge\ndepth 1.5\n"
        "# HELP requests_total Requests\\nserved.\n# TYPE requests_total counter\n"
        'requests_total{verb="GET",path="/a\\"b\\\\c\\n"} 3\n'
        "# HELP seconds Duration.\n# TYPE seconds histogram\n"
        'seconds_bucket{verb="GET",le="0.1"} 2\n'
        'seconds_bucket{verb="GET",le="1"} 3\n'
        'seconds_bucket{verb="GET",le="+Inf"} 4\n'
        'seconds_sum{verb="GET"} 7.65\n'
        'seconds_count{verb="GET"} 4\n'
    )


def test_a_metric_without_labels_begins_at_zero_and_one_with_labels_is_absent() -> None:
    registry = Registry()
    registry.counter("a_total", "A.")
    registry.counter("b_total", "B.", ("x",))
    assert b"a_total 0\n" in registry.render()
    assert b"b_total" not in registry.render()


def test_the_same_name_is_the_same_metric_unless_it_differs() -> None:
    registry = Registry()
    assert registry.counter("a", "A.", ("x",)) is registry.counter("a", "A.", ("x",))
    with pytest.raises(ValueError, match="stands already"):
        registry.counter("a", "A.", ("y",))
    with pytest.raises(ValueError, match="stands already"):
        registry.gauge("a", "A.", ("x",))
    with pytest.raises(ValueError, match="labels"):
        registry.counter("a", "A.", ("x",)).inc("1", "2")


def test_collectors_run_before_each_render_and_gone_subjects_are_forgotten() -> None:
    registry = Registry()
    gauge = registry.gauge("g", "G.", ("node",))
    values = iter((1.0, 2.0, 3.0))
    registry.on_render(lambda: gauge.set(next(values), "a"))
    assert b'g{node="a"} 1\n' in registry.render()
    assert b'g{node="a"} 2\n' in registry.render()
    gauge.set(1, "gone")
    gauge.forget("gone")
    assert b"gone" not in registry.render()

"""What levels may use, lend and borrow, and which of them a request belongs to."""

import pytest

from steersman.api.flowcontrol import FlowSchema, FlowSchemaCondition, FlowSchemaStatus, PriorityLevelConfiguration
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apiserver.flowcontrol.allocation import Claim, allocate
from steersman.apiserver.flowcontrol.bootstrap import AUTOUPDATE, first_levels, first_schemas
from steersman.apiserver.flowcontrol.classify import Classifier
from steersman.apiserver.flowcontrol.dangling import condition_of
from steersman.apiserver.flowcontrol.demand import Demand, DemandStats
from steersman.apiserver.flowcontrol.estimate import Estimator, Stored
from steersman.apiserver.flowcontrol.levels import Levels
from steersman.apiserver.flowcontrol.maintain import revised
from steersman.apiserver.flowcontrol.metrics import FlowMetrics
from steersman.apiserver.flowcontrol.queueset import Flow
from steersman.apiserver.flowcontrol.retryafter import RetryAfter
from steersman.apiserver.flowcontrol.work import ONE_SEAT, Work
from steersman.apiserver.request import Query, read_request
from steersman.apiserver.user import UserInfo
from steersman.component.clock import FakeClock
from steersman.component.metrics import Registry

LEVELS = tuple(one for one, _ in first_levels())
SCHEMAS = tuple(one for one, _ in first_schemas())


def test_seats_are_shared_out_as_upstream_shares_600() -> None:
    levels = Levels(600, 0.0)
    levels.configure(LEVELS, 0.0)
    limits = {name: (one.nominal, one.lowest, one.most_seats) for name, one in levels.by_name.items()}
    # Source: shares of 245 in all, rounded up.
    assert limits == {
        "exempt": (0, 0, 0),
        "catch-all": (13, 13, 0),
        "system": (74, 50, 12),
        "node-high": (98, 73, 15),
        "leader-election": (25, 25, 4),
        "workload-high": (98, 49, 15),
        "workload-low": (245, 24, 37),
        "global-default": (49, 24, 8),
    }
    assert levels.nominal_sum == 602


def test_a_busy_level_borrows_what_idle_ones_lend_and_gives_it_back() -> None:
    levels = Levels(600, 0.0)
    levels.configure(LEVELS, 0.0)
    busy = levels.by_name["global-default"]
    tickets = [busy.queues.start(Flow("s", "f", (0,)), ONE_SEAT, 0.0) for _ in range(45)]
    before = busy.queues.limit
    levels.adjust(10.0)
    assert busy.queues.limit > before
    limits = {name: one.queues.limit for name, one in levels.by_name.items()}
    assert abs(sum(limits.values()) - levels.nominal_sum) <= len(limits)
    assert all(one.lowest <= limits[name] <= one.highest for name, one in levels.by_name.items() if not one.is_exempt)
    for ticket in tickets:
        if ticket is not None:
            busy.queues.finish(ticket, 11.0) if ticket.place.name == "EXECUTING" else None
    high = busy.queues.limit
    for _ in range(3):
        levels.adjust(11.0 + 3600)
    assert busy.queues.limit < high


def test_a_level_that_is_gone_finishes_what_it_has_begun() -> None:
    levels = Levels(600, 0.0)
    levels.configure(LEVELS, 0.0)
    gone = levels.by_name["system"]
    ticket = gone.queues.start(Flow("s", "f", (0,)), ONE_SEAT, 0.0)
    assert ticket is not None
    rest = [one for one in LEVELS if one.metadata.name != "system"]
    levels.configure(rest, 1.0)
    assert levels.by_name["system"].is_quiescing
    gone.queues.finish(ticket, 2.0)
    levels.configure(rest, 3.0)
    assert "system" not in levels.by_name
    levels.configure((), 4.0)
    assert set(levels.by_name) == {"exempt", "catch-all"}


@pytest.mark.parametrize(
    ("total", "claims", "shares"),
    [
        (10, (Claim(4, 0, 10), Claim(4, 0, 10)), (5, 5)),
        (10, (Claim(8, 0, 10), Claim(2, 0, 10)), (8, 2)),
        (10, (Claim(8, 0, 3), Claim(1, 0, 100)), (3, 7)),
        (10, (Claim(9, 0, 10), Claim(1, 1, 10), Claim(6, 6, 10)), (3, 1, 6)),
        (5, (Claim(3, 3, 9), Claim(2, 2, 9)), (3, 2)),
        (5, (Claim(3, 0, 3), Claim(2, 0, 2)), (3, 2)),
        (10, (Claim(0, 0, 10), Claim(0, 0, 10)), (5, 5)),
    ],
)
def test_everybody_gets_the_same_part_of_what_they_want_within_bounds(
    total: float, claims: tuple[Claim, ...], shares: tuple[float, ...]
) -> None:
    found = allocate(total, claims)
    assert found is not None
    assert found.shares == pytest.approx(shares)


def test_what_no_shares_can_add_up_to_isnt_shared_out() -> None:
    assert allocate(3, (Claim(4, 4, 10),)) is None
    assert allocate(30, (Claim(4, 4, 10),)) is None


def test_demand_is_weighed_by_time_and_falls_slowly() -> None:
    demand = Demand(0.0)
    demand.set(10, 0.0)
    demand.set(0, 5.0)
    stats = demand.summary(DemandStats(), 10.0)
    assert (stats.average, stats.deviation, stats.highest, stats.smoothed) == (5, 5, 10, 10)
    later = demand.summary(stats, 20.0)
    assert (later.average, later.highest, later.smoothed) == (0, 0, pytest.approx(9.77))


def test_refused_clients_are_told_to_wait_longer_the_more_there_are() -> None:
    retry = RetryAfter()
    told = [retry.refuse(second) for second in range(8) for _ in range(20)]
    assert told[0] == 1
    assert told[-1] > 2
    assert [RetryAfter().refuse(second) for second in range(3)] == [1, 1, 1]
    assert [retry.refuse(second) for second in range(1000, 1500, 40)][-1] == 1


NODE = UserInfo("system:node:a", groups=("system:nodes", "system:authenticated"))
MANAGER = UserInfo("system:kube-controller-manager", groups=("system:authenticated",))
ACCOUNT = UserInfo("system:serviceaccount:ns:bot", groups=("system:serviceaccounts", "system:authenticated"))
SYSTEM_ACCOUNT = UserInfo("system:serviceaccount:kube-system:x", groups=("system:serviceaccounts",))
ADMIN = UserInfo("admin", groups=("system:masters", "system:authenticated"))
BOB = UserInfo("bob", groups=("system:authenticated",))
LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x"


@pytest.mark.parametrize(
    ("user", "method", "path", "schema", "distinguisher"),
    [
        (ADMIN, "GET", "/api/v1/pods", "exempt", ""),
        (BOB, "GET", "/healthz", "probes", ""),
        (BOB, "GET", "/healthz/ping", "probes", ""),
        (BOB, "POST", "/healthz", "global-default", "bob"),
        (BOB, "GET", "/api/v1/namespaces/a/pods", "global-default", "bob"),
        (NODE, "PUT", "/api/v1/nodes/a/status", "system-node-high", "system:node:a"),
        (NODE, "GET", "/api/v1/nodes/a/proxy", "system-nodes", "system:node:a"),
        (NODE, "PUT", LEASE, "system-node-high", "system:node:a"),
        (MANAGER, "PUT", LEASE, "system-leader-election", "system:kube-controller-manager"),
        (MANAGER, "GET", "/api/v1/namespaces/a/pods", "kube-controller-manager", "a"),
        (SYSTEM_ACCOUNT, "GET", "/api/v1/namespaces/a/pods", "kube-system-service-accounts", "a"),
        (ACCOUNT, "GET", "/api/v1/pods", "service-accounts", "system:serviceaccount:ns:bot"),
        (UserInfo("nobody"), "GET", "/api/v1/pods", "catch-all", ""),
    ],
)
def test_requests_belong_to_the_first_schema_that_is_about_them(
    user: UserInfo, method: str, path: str, schema: str, distinguisher: str
) -> None:
    levels = Levels(600, 0.0)
    levels.configure(LEVELS, 0.0)
    classifier = Classifier(SCHEMAS, levels.by_name, FlowMetrics(Registry()))
    info = read_request(method, path, Query(""))
    found = classifier.classify(user, info)
    assert (found.schema.metadata.name, found.flow.distinguisher) == (schema, distinguisher)
    assert classifier.classify(user, info) is found
    assert len(found.flow.hand) == found.level.queues.shape.hand_size or found.level.queues.shape.queues < 1


def test_schemas_of_levels_that_arent_there_are_passed_over() -> None:
    levels = Levels(600, 0.0)
    assert Classifier(SCHEMAS, levels.by_name, FlowMetrics(Registry())).classify(
        BOB, read_request("GET", "/api", Query(""))
    ).level.name == ("catch-all")


def test_wide_requests_take_as_many_seats_as_they_cost() -> None:
    estimator = Estimator(lambda _, resource: Stored(5000, 2000) if resource == "pods" else None)

    def work(method: str, path: str, query: str = "", most: int = 0) -> Work:
        parsed = Query(query)
        return estimator.work(read_request(method, path, parsed), parsed, most)

    pods, namespaced = "/api/v1/pods", "/api/v1/namespaces/a/pods"
    assert work("GET", f"{namespaced}/x") == ONE_SEAT
    assert work("GET", pods) == Work(10)  # out of the cache: no more than a megabyte at once
    assert work("GET", pods, most=4) == Work(4)
    assert work("GET", pods, "limit=100") == Work(2)
    assert work("GET", pods, "resourceVersion=5&resourceVersionMatch=Exact") == Work(100)
    assert work("GET", pods, "fieldSelector=metadata.name%3Dx") == ONE_SEAT
    assert work("GET", pods, "watch=1") == Work(10)
    assert work("GET", pods, "watch=1&resourceVersion=7") == ONE_SEAT
    assert work("GET", "/api/v1/unknown") == ONE_SEAT
    for _ in range(25):
        estimator.watches.add(read_request("GET", pods, Query("watch=1")), Query("watch=1"))
    key = estimator.watches.add(read_request("GET", namespaced, Query("watch=1")), Query("watch=1"))
    node = Query("watch=1&fieldSelector=spec.nodeName%3Dn")
    assert estimator.watches.add(read_request("GET", pods, node), node) is None
    assert work("POST", namespaced) == Work(1, 3, 0.005)
    assert work("POST", namespaced, most=2) == Work(1, 2, pytest.approx(0.0075))
    assert key is not None
    estimator.watches.remove(key)
    assert estimator.watches.interested(read_request("POST", namespaced, Query(""))) == 25


def test_suggested_objects_follow_their_annotation_and_mandatory_ones_always_keep_up() -> None:
    wanted = next(one for one in LEVELS if one.metadata.name == "system")
    limited = wanted.spec.limited
    assert limited is not None
    changed = replace(wanted, spec=replace(wanted.spec, limited=replace(limited, nominalConcurrencyShares=7)))

    def annotated(level: PriorityLevelConfiguration, value: str | None, generation: int) -> PriorityLevelConfiguration:
        annotations = {} if value is None else {AUTOUPDATE: value}
        return replace(
            level, metadata=ObjectMeta(name=level.metadata.name, annotations=annotations, generation=generation)
        )

    assert revised(annotated(wanted, "true", 1), wanted, is_mandatory=False) is None
    assert revised(annotated(changed, "false", 2), wanted, is_mandatory=False) is None
    for current, shares, says in (
        (annotated(changed, "true", 2), 30, "true"),
        (annotated(changed, None, 1), 30, "true"),
        (annotated(changed, None, 2), 7, "false"),
    ):
        made = revised(current, wanted, is_mandatory=False)
        assert made is not None
        assert made.spec.limited is not None
        assert (made.spec.limited.nominalConcurrencyShares, made.metadata.annotations[AUTOUPDATE]) == (shares, says)
    forced = revised(annotated(changed, "false", 2), wanted, is_mandatory=True)
    assert forced is not None
    assert (forced.spec, forced.metadata.annotations[AUTOUPDATE]) == (wanted.spec, "true")


def test_a_schema_says_whether_its_level_is_there() -> None:
    now = FakeClock().now()
    schema = SCHEMAS[0]
    condition = condition_of(schema, False, now)
    assert condition is not None
    assert (condition.status, condition.reason, condition.message) == (
        "True",
        "NotFound",
        'This FlowSchema references the PriorityLevelConfiguration object named "exempt" but there is no such object',
    )
    told = replace(schema, status=FlowSchemaStatus(conditions=(condition,)))
    assert condition_of(told, False, now) is None
    found = condition_of(told, True, now)
    assert isinstance(found, FlowSchemaCondition)
    assert (found.status, found.reason) == ("False", "Found")
    assert isinstance(told, FlowSchema)

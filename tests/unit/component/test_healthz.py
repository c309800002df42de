from steersman.component.healthz import Answer, HealthEndpoint, when


def endpoint(*failing: str) -> HealthEndpoint:
    livez = HealthEndpoint("livez")
    for name in ("etcd", "informer-sync"):
        livez.add(name, when(lambda name=name: name not in failing, "secret reason"), group="all")  # type: ignore[misc]
    return livez


async def test_a_healthy_endpoint_says_ok_and_verbosely_each_check() -> None:
    assert await endpoint().answer() == Answer(200, "ok")
    assert (await endpoint().answer(is_verbose=True)).text == (
        "[+]ping ok\n[+]etcd ok\n[+]informer-sync ok\nlivez check passed\n"
    )


async def test_a_failure_is_always_verbose_and_keeps_its_reason() -> None:
    answer = await endpoint("etcd").answer()
    assert answer.status == 500
    assert answer.text == "[+]ping ok\n[-]etcd failed: reason withheld\n[+]informer-sync ok\nlivez check failed\n"


async def test_excluded_checks_do_not_count() -> None:
    answer = await endpoint("etcd").answer(is_verbose=True, excluded=("etcd", "nope", "never"))
    assert answer == Answer(
        200,
        "[+]ping ok\n[+]etcd excluded: ok\n[+]informer-sync ok\n"
        'warn: some health checks cannot be excluded: no matches for "never","nope"\nlivez check passed\n',
    )
    by_group = await endpoint("etcd").answer(is_verbose=True, excluded=("all",))
    assert "[+]etcd excluded with all: ok\n" in by_group.text


async def test_one_check_can_be_asked_alone_and_gives_its_reason() -> None:
    assert await endpoint("etcd").answer_one("informer-sync") == Answer(200, "ok")
    assert await endpoint("etcd").answer_one("etcd") == Answer(500, "internal server error: secret reason\n")
    assert await endpoint().answer_one("other") is None

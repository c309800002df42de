from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from steersman.api.core import Pod, PodSpec
from steersman.api.meta import ObjectMeta, OwnerReference
from steersman.client.cache import CONTROLLER, NAMESPACE, NODE, Cache, ObjectKey, by_node


def pod(name: str, node: str, owner: str, version: int) -> Pod:
    owners = (OwnerReference(uid=owner, controller=True),) if owner else ()
    meta = ObjectMeta(name=name, namespace=name[0], ownerReferences=owners, resourceVersion=str(version))
    return Pod(metadata=meta, spec=PodSpec(nodeName=node))


names = st.sampled_from(["ax", "ay", "bx", "by"])
operations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), names, st.sampled_from(["", "n1", "n2"]), st.sampled_from(["", "u1", "u2"])),
        st.tuples(st.just("remove"), names, st.just(""), st.just("")),
    ),
    max_size=30,
)


@given(operations)
def test_indexes_always_agree_with_the_objects(steps: list[tuple[str, str, str, str]]) -> None:
    cache: Cache[Pod] = Cache()
    cache.add_index(NODE, by_node)
    for version, (what, name, node, owner) in enumerate(steps, 1):
        if what == "put":
            cache.put(pod(name, node, owner, version))
        else:
            cache.remove(ObjectKey(name[0], name))
    everything = list(cache)
    for node in ("n1", "n2"):
        assert names_of(cache.by_index(NODE, node)) == names_of(pod for pod in everything if pod.spec.nodeName == node)
    for owner in ("u1", "u2"):
        owned = (pod for pod in everything if owner in [ref.uid for ref in pod.metadata.ownerReferences])
        assert names_of(cache.by_index(CONTROLLER, owner)) == names_of(owned)
    for namespace in ("a", "b"):
        there = (pod for pod in everything if pod.metadata.namespace == namespace)
        assert names_of(cache.by_index(NAMESPACE, namespace)) == names_of(cache.list(namespace)) == names_of(there)


def names_of(pods: Iterable[Pod]) -> list[str]:
    return sorted(pod.metadata.name for pod in pods)


def test_a_complete_list_tells_only_what_changed() -> None:
    cache: Cache[Pod] = Cache()
    same, old, gone = pod("ax", "", "", 1), pod("ay", "", "", 2), pod("bx", "", "", 3)
    for each in (same, old, gone):
        cache.put(each)
    new, added = pod("ay", "n1", "", 4), pod("by", "", "", 5)
    changes = cache.replace((same, new, added))
    told = [(change.old, change.new) for change in changes]
    assert len(told) == 3
    assert all(wanted in told for wanted in [(gone, None), (old, new), (None, added)])

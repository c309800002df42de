"""OpenAPI version 2 documents of several servers as one."""

from typing import Any

from steersman.apimachinery.openapi.merging import below, is_sound, merged

KINDS = "x-kubernetes-group-version-kind"


def document(*paths: str, **definitions: Any) -> dict[str, Any]:
    """Each path answers with the definition of its last part."""
    made = {path: {"get": {"schema": {"$ref": f"#/definitions/{path.rsplit('/')[-1]}"}}} for path in paths}
    return {"swagger": "2.0", "info": {"title": paths[0] if paths else ""}, "paths": made, "definitions": definitions}


def answered(whole: dict[str, Any], path: str) -> str:
    return str(whole["paths"][path]["get"]["schema"]["$ref"]).removeprefix("#/definitions/")


def test_what_paths_refer_to_comes_along_and_nothing_else() -> None:
    inner = {"properties": {"x": {"$ref": "#/definitions/inner"}}}
    whole = document("/apis/a/v1/one", "/apis/b/v1/two", one=inner, two={"type": "string"}, inner={}, nobodys={})
    found = below(whole, "/apis/a/v1/")
    assert list(found["paths"]) == ["/apis/a/v1/one"]
    assert set(found["definitions"]) == {"one", "inner", "nobodys"}, "what nobody refers to has its own reason"


def test_paths_belong_to_the_first_and_the_same_definition_is_shared() -> None:
    own = document("/api/Pod", "/apis", Pod={"type": "object"}, apis={})
    other = document(
        "/apis", "/apis/a/v1/Pod", "/apis/a/v1/Own", Pod={"type": "object"}, Own={}, apis={"type": "string"}
    )
    whole = merged(own, other)
    assert answered(whole, "/apis") == "apis"
    assert whole["definitions"] == {"Own": {}, "Pod": {"type": "object"}, "apis": {}}
    assert whole["info"] == {"title": "/api/Pod"}
    assert list(whole["paths"]) == ["/api/Pod", "/apis", "/apis/a/v1/Own", "/apis/a/v1/Pod"]


def test_a_definition_that_differs_gets_another_name_wherever_it_is_referred_to() -> None:
    first = document("/a/Pod", Pod={"type": "object"})
    second = document("/b/Pod", Pod={"type": "string", "items": {"$ref": "#/definitions/Pod"}})
    third = document("/c/Pod", Pod={"type": "number"})
    again = document("/d/Pod", Pod={"type": "number"})
    whole = merged(first, second, third, again)
    assert [answered(whole, f"/{one}/Pod") for one in "abcd"] == ["Pod", "Pod_v2", "Pod_v3", "Pod_v3"]
    assert whole["definitions"]["Pod_v2"]["items"] == {"$ref": "#/definitions/Pod_v2"}
    assert second["definitions"]["Pod"]["items"] == {"$ref": "#/definitions/Pod"}, "what was given is as it was"


def test_one_definition_may_stand_for_kinds_of_several_groups() -> None:
    def options(group: str) -> dict[str, Any]:
        return {"type": "object", KINDS: [{"group": group, "kind": "O", "version": "v1"}]}

    whole = merged(document("/a/O", O=options("b")), document("/b/O", O=options("a")), document("/c/O", O=options("a")))
    assert [one["group"] for one in whole["definitions"]["O"][KINDS]] == ["a", "b"]


def test_shared_parameters_are_merged_like_definitions() -> None:
    def with_parameter(path: str, kind: str) -> dict[str, Any]:
        shared = {"pretty": {"in": "query", "name": "pretty", "type": kind}}
        return {"paths": {path: {"parameters": [{"$ref": "#/parameters/pretty"}]}}, "parameters": shared}

    whole = merged(document("/a"), with_parameter("/b", "string"), with_parameter("/c", "boolean"))
    assert [whole["paths"][path]["parameters"][0]["$ref"] for path in ("/b", "/c")] == [
        "#/parameters/pretty",
        "#/parameters/pretty_v2",
    ]
    assert "parameters" not in merged(document("/a"))


def test_what_is_no_document_is_known_as_such() -> None:
    assert not any(map(is_sound, ([], "x", {"paths": [1]}, {"paths": {"/a": 1}}, {"definitions": {"A": []}})))
    assert is_sound({"paths": None})

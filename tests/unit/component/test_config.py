from pathlib import Path

import pytest

from steersman.component.config import Configuration, ConfigurationError, load


class Authentication(Configuration):
    token_ttl_seconds: int = 60


class Server(Configuration):
    port: int = 10250
    read_only: bool = False
    cluster_dns: tuple[str, ...] = ()
    authentication: Authentication = Authentication()


def test_without_a_file_all_is_default() -> None:
    assert load(Server, None) == Server()


@pytest.mark.parametrize(
    "text",
    [
        "port: 1\nclusterDns: [10.96.0.10]\nauthentication: {tokenTtlSeconds: 5}\n",
        '{"port": 1, "clusterDns": ["10.96.0.10"], "authentication": {"tokenTtlSeconds": 5}}',
    ],
)
def test_flags_win_over_the_file_and_what_was_not_given_does_not(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    loaded = load(Server, path, {"port": 2, "readOnly": None, "authentication.tokenTtlSeconds": 7})
    assert loaded == Server(port=2, cluster_dns=("10.96.0.10",), authentication=Authentication(token_ttl_seconds=7))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("prot: 1", "unknown key `prot`; did you mean `port`?"),
        ("authentication: {tokenTtl: 1}", "unknown key `tokenTtl` - at `$.authentication`; did you mean"),
        ("port: high", "Expected `int`, got `str` - at `$.port`"),
        ("- a", "must be a mapping, is a list"),
        ("a: [", "is neither YAML nor JSON"),
    ],
)
def test_an_error_says_where_and_what(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(Server, path)
    assert str(caught.value).startswith(str(path))
    assert problem in str(caught.value)


def test_a_missing_file_is_an_error_and_an_empty_one_is_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load(Server, tmp_path / "absent")
    (tmp_path / "empty").touch()
    assert load(Server, tmp_path / "empty") == Server()

"""Which plugins are asked, in which order, and with which configuration."""

from pathlib import Path

import pytest

from steersman.apiserver.admission.configuration import Configurations, read_configurations
from steersman.apiserver.admission.errors import ConfigurationError
from steersman.apiserver.admission.names import OFF, ORDER, enabled_names, plugin_names
from steersman.apiserver.admission.plugins import PLUGINS
from steersman.apiserver.admission.readers import READERS, check_configurations


def test_every_name_has_a_plugin() -> None:
    assert set(PLUGINS) == set(ORDER)
    assert set(ORDER) >= OFF
    assert len(set(ORDER)) == len(ORDER)


def test_plugins_are_turned_on_and_off_and_keep_their_order() -> None:
    assert enabled_names((), ()) == tuple(name for name in ORDER if name not in OFF)
    assert "Priority" not in enabled_names((), ("Priority",))
    assert enabled_names(sorted(ORDER), ()) == ORDER
    with pytest.raises(ConfigurationError, match=r"\[Priority\] in enable-admission-plugins and .* overlapped"):
        enabled_names(("Priority",), ("Priority", "NodeRestriction"))


def test_unknown_names_are_refused() -> None:
    assert plugin_names("Priority, NodeRestriction,") == ("Priority", "NodeRestriction")
    with pytest.raises(ValueError, match='plugin "Prio" is unknown'):
        plugin_names("Priority,Prio")


def read(directory: Path, text: str) -> Configurations:
    file = directory / "admission.yaml"
    file.write_text(text)
    return read_configurations(file)


HEAD = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n"


def test_configurations_stand_in_the_file_or_in_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "limits.yaml").write_text("kind: Configuration\n")
    found = read(
        tmp_path,
        HEAD + "plugins:\n- name: PodSecurity\n  configuration: {kind: A}\n"
        "- name: EventRateLimit\n  path: limits.yaml\n- name: Bare\n",
    )
    assert (found.of("PodSecurity"), found.of("EventRateLimit")) == ({"kind": "A"}, {"kind": "Configuration"})
    assert (found.of("Bare"), found.of("Absent")) == (None, None)


def test_the_old_file_of_node_selectors_is_still_read(tmp_path: Path) -> None:
    found = read(tmp_path, "podNodeSelectorPluginConfig:\n  clusterDefaultNodeSelector: a=b\n")
    assert found.of("PodNodeSelector") == {"podNodeSelectorPluginConfig": {"clusterDefaultNodeSelector": "a=b"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "failed to read plugin config"),
        ("[]", "it is no object"),
        ("kind: Pod\napiVersion: v1", 'no kind "Pod" in version "v1" is known'),
        (HEAD + "plugins: [{path: x}]", "a plugin has no name"),
        (HEAD + "plugins: [{name: A, where: x}]", r'unknown field "plugins\[\].where"'),
        (HEAD + "plugins: [{name: A, path: none.yaml}]", "none.yaml.*No such file"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read(tmp_path, text)


def test_configurations_are_checked_for_every_plugin_that_takes_one() -> None:
    check_configurations(Configurations())
    assert set(READERS) <= set(ORDER)
    for plugin in READERS:
        with pytest.raises(ConfigurationError, match=plugin):
            check_configurations(Configurations({plugin: []}))

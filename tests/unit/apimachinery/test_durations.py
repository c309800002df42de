import pytest

from steersman.apimachinery.durations import go_seconds


def test_durations_are_read_as_go_writes_them() -> None:
    assert [go_seconds(text) for text in ("3s", "1m30s", "500ms", "1.5s")] == [3, 90, 0.5, 1.5]
    with pytest.raises(ValueError, match="no duration"):
        go_seconds("3")

"""A Studio that talks to a Label Studio in memory."""

import pytest

from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio


@pytest.fixture
def server() -> FakeLabelStudio:
    return FakeLabelStudio()


@pytest.fixture
def studio(server: FakeLabelStudio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    settings = StudioSettings("http://studio.test", "0" * 40, "cleansed")
    return Studio(settings, transport=server.transport)

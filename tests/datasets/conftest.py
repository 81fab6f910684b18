import pytest

from pairjudge_lab.datasets.fetching import HOME


@pytest.fixture
def lab_data(tmp_path, monkeypatch):
    """An empty folder of fetched data."""
    folder = tmp_path / "fetched"
    monkeypatch.setenv(HOME, str(folder))
    return folder

"""What repeats, while Postgres is away."""

from django.db import OperationalError

from agentx_site.celery import app
from plugins_app import services, tasks


def test_a_database_that_is_away_is_one_line_for_each_try(monkeypatch, caplog):
    def away() -> None:
        raise OperationalError("the server closed the connection\nmore than anybody wants to read")

    monkeypatch.setattr(services, "place_instances", away)
    app.finalize()
    assert tasks.place.apply().state == "FAILURE"
    told = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert [record.getMessage() for record in told] == [
        "plugins_app.place failed: the server closed the connection"
    ]
    assert told[0].exc_info is None

"""The services that every other test stands on."""

import os

import psycopg
import redis


def test_postgres_answers_as_agentx() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("select current_database()").fetchone() == ("agentx",)


def test_valkey_answers() -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.ping()

"""A task in memory: what events add up to."""

import random

from routing.record import Record, after, now, status_of, stream_response, timestamp


def record(**fields):
    moment = now()
    told = {
        "id": "t-1",
        "agent_id": "a-1",
        "agent_slug": "echo",
        "owner": "key:1",
        "context_id": "c-1",
        "state": "WORKING",
        "status": status_of("WORKING", moment),
        "updated": moment,
        "opened": moment,
    }
    return Record(**(told | fields))


def chunk(text, *, append=False, name="a"):
    payload = {"artifact": {"artifactId": name, "parts": [{"text": text}]}}
    return ("artifact", payload | ({"append": True} if append else {}))


def test_numbers_are_dense_and_the_first_record_stays_as_it_was():
    before = record(seq=3)
    changed, events = after(before, [chunk("one"), chunk("two", append=True)])
    assert [event.seq for event in events] == [4, 5]
    assert changed.seq == 5
    assert changed.artifacts == [{"artifactId": "a", "parts": [{"text": "one"}, {"text": "two"}]}]
    assert (before.seq, before.artifacts) == (3, [])


def test_appending_does_not_change_what_was_told_before():
    once, _ = after(record(), [chunk("one")])
    told = once.a2a()
    after(once, [chunk("two", append=True)])
    assert told["artifacts"][0]["parts"] == [{"text": "one"}]


def test_an_artifact_of_the_same_id_takes_its_place():
    changed, _ = after(record(), [chunk("old"), chunk("other", name="b"), chunk("new")])
    assert [each["parts"][0]["text"] for each in changed.artifacts] == ["new", "other"]


def test_the_events_add_up_to_the_snapshot_in_any_grouping():
    """Frames applied equal a reload, however many came in one commit."""
    dice = random.Random(7)
    changes = []
    for n in range(60):
        if dice.random() < 0.2:
            said = {"messageId": f"s-{n}", "role": "ROLE_AGENT", "parts": [{"text": "…"}]}
            changes.append(("status", status_of("WORKING", now(), said)))
        else:
            changes.append(chunk(f"{n} ", append=dice.random() < 0.7, name=dice.choice("ab")))
    changes.append(("status", status_of("COMPLETED", now())))
    bit_by_bit = record()
    at_once, _ = after(bit_by_bit, changes)
    while changes:
        size = dice.randint(1, 7)
        bit_by_bit, _ = after(bit_by_bit, changes[:size])
        changes = changes[size:]
    assert bit_by_bit == at_once


def test_history_leaves_out_the_message_that_the_status_shows():
    question = {"messageId": "q", "role": "ROLE_AGENT", "parts": [{"text": "?"}]}
    said = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "!"}]}
    asked, _ = after(
        record(history=[said]), [("status", status_of("INPUT_REQUIRED", now(), question))]
    )
    assert [each["messageId"] for each in asked.a2a()["history"]] == ["m"]
    going_on, _ = after(asked, [("status", status_of("WORKING", now()))])
    assert [each["messageId"] for each in going_on.a2a()["history"]] == ["m", "q"]
    assert [each["messageId"] for each in going_on.a2a(1)["history"]] == ["q"]
    assert "history" not in going_on.a2a(0)


def test_history_keeps_what_an_agent_said_under_an_id_it_used_again():
    first, second = [
        {"messageId": "q", "role": "ROLE_AGENT", "parts": [{"text": text}]} for text in "ab"
    ]
    asked, _ = after(record(), [("status", status_of("INPUT_REQUIRED", now(), first))])
    again, _ = after(asked, [("status", status_of("INPUT_REQUIRED", now(), second))])
    assert again.a2a()["history"] == [first]


def test_metadata_of_a_status_event_is_told_beside_the_status_and_not_kept_in_it():
    payload = status_of("WORKING", now()) | {"metadata": {"percent": 5}}
    changed, (event,) = after(record(), [("status", payload)])
    assert "metadata" not in changed.status
    update = stream_response(changed, event)["statusUpdate"]
    assert update["metadata"] == {"percent": 5}
    assert "metadata" not in update["status"]


def test_a_callers_message_is_not_told_to_streams():
    said = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "!"}]}
    changed, (event,) = after(record(), [("message", said)])
    assert stream_response(changed, event) is None
    assert changed.history == [said]


def test_times_are_utc_to_the_millisecond():
    moment = now()
    assert moment.microsecond % 1000 == 0
    assert timestamp(moment).endswith("Z")
    changed, _ = after(record(), [("status", status_of("COMPLETED", moment))])
    assert changed.updated == moment

"""Configurations as plain values: what is secret, what differs, what is wrong."""

import json
import tomllib

import orjson
import pytest
from agentx_sdk import hosting
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins_app.configuration import changes, formats, problems, secrets
from plugins_app.configuration.sealing import taken_out
from security.errors import InvalidInput

CANARY = "canary-5f2b"
SERVERS = {
    "type": "object",
    "properties": {
        "servers": {
            "type": "array",
            "items": {"type": "object", "properties": {"token": {"type": "string"}}},
        }
    },
}


def sealed(config, schema=None, held=None, known=None, revision=1, also=()):
    return taken_out(
        schema or {},
        config,
        held=held or {},
        known=known or {},
        revision=revision,
        also=frozenset(also),
    )


def test_the_sdk_hides_by_the_same_names():
    assert hosting.SECRET_NAME.pattern == secrets.SECRET_NAME.pattern
    assert hosting.SECRET_NAME.flags == secrets.SECRET_NAME.flags
    assert hosting.REDACTED == secrets.REDACTED


@pytest.mark.parametrize(
    ("name", "value", "schema"),
    [
        ("api_key", CANARY, {}),
        ("Password", CANARY, {}),
        ("credentials", {"user": "u", "password": CANARY}, {}),
        ("tokens", [CANARY], {}),
        ("dsn", CANARY, {"format": "password"}),
        ("dsn", CANARY, {"format": "secret"}),
        ("dsn", CANARY, {"writeOnly": True}),
        ("pin", 12345, {"writeOnly": True}),
        ("dsn", CANARY, {"$ref": "#/$defs/hidden"}),
        ("dsn", CANARY, {"anyOf": [{"type": "null"}, {"writeOnly": True}]}),
        ("dsn", CANARY, {"allOf": [{"$ref": "#/$defs/hidden"}]}),
    ],
)
def test_a_secret_is_taken_out_and_goes_back_in(name, value, schema):
    root = {"properties": {name: schema}, "$defs": {"hidden": {"format": "password"}}}
    told = sealed({name: value, "other": 1}, root)
    assert told.config == {name: {"$secret": f"{name}@1"}, "other": 1}
    assert told.fresh == {f"{name}@1": value}
    assert secrets.filled(told.config, told.fresh) == {name: value, "other": 1}
    assert secrets.redacted(root, {name: value}) == {name: secrets.REDACTED}


@pytest.mark.parametrize(
    ("name", "value", "schema"),
    [
        ("max_tokens", 12, {}),
        ("has_key", True, {}),
        ("api_key", "", {}),
        ("api_key", None, {}),
        ("partition_key", "day", {"writeOnly": False}),
        ("auth_token", "none", {"enum": ["none", "bearer"]}),
        ("keyboard", "qwerty", {}),
        ("credentials", {"user": "u"}, {"properties": {"user": {}}}),
    ],
)
def test_what_is_no_secret_stays(name, value, schema):
    root = {"properties": {name: schema}}
    assert sealed({name: value}, root).config == {name: value}
    assert secrets.redacted(root, {name: value}) == {name: value}


def test_secrets_in_lists_and_objects_are_found():
    told = sealed(
        {"servers": [{"token": CANARY, "url": "u"}], "a": {"b": {"api_key": "k"}}}, SERVERS
    )
    assert CANARY not in json.dumps(told.config)
    assert told.fresh == {"servers.0.token@1": CANARY, "a.b.api_key@1": "k"}


def test_eight_stars_keep_what_is_there_and_the_same_value_its_name():
    held = {"api_key": {"$secret": "api_key@3"}}
    for sent in (secrets.REDACTED, CANARY, {"$secret": "api_key@3"}, {"$secret": "api_key"}):
        told = sealed({"api_key": sent}, held=held, known={"api_key@3": CANARY}, revision=4)
        assert (told.config, told.fresh, told.problems) == (held, {}, {})


def test_a_new_value_leaves_the_old_one_to_older_revisions():
    held, known = {"api_key": {"$secret": "api_key@3"}}, {"api_key@3": CANARY}
    told = sealed({"api_key": "another"}, held=held, known=known, revision=4)
    assert told.config == {"api_key": {"$secret": "api_key@4"}}
    assert told.fresh == {"api_key@4": "another"}


def test_eight_stars_keep_a_secret_that_lay_open():
    told = sealed({"api_key": secrets.REDACTED}, held={"api_key": CANARY})
    assert told.fresh == {"api_key@1": CANARY}


@pytest.mark.parametrize(
    ("config", "held", "told"),
    [
        ({"api_key": secrets.REDACTED}, {}, "nothing that ******** could keep"),
        ({"servers": [{"token": secrets.REDACTED}]}, {}, "in a list"),
        ({"api_key": {"$secret": "other"}}, {}, "no secret 'other'"),
        ({"api_key": {"$secret": 1}}, {}, "must be"),
        ({"api_key": {"$secret": "api_key", "x": 1}}, {}, "must be"),
        ({"greeting": {"$secret": "known@1"}}, {}, "no secret field"),
        ({"$secret": "known@1"}, {}, "may stand only"),
        ({".".join("x" * 9 for _ in range(30)) + "_key": CANARY}, {}, "too deep"),
    ],
)
def test_what_cannot_be_kept_secret_is_told(config, held, told):
    found = sealed(config, held=held, known={"known@1": CANARY})
    assert told in " ".join(found.problems.values())
    assert CANARY not in " ".join(found.problems.values())


def test_a_row_that_moves_takes_its_own_secret_along():
    known = {"servers.0.token@1": "first", "servers.1.token@1": "second"}
    rows = [{"token": {"$secret": name}} for name in known]
    told = sealed(
        {"servers": [rows[1], {"token": "third"}]},
        SERVERS,
        held={"servers": rows},
        known=known,
        revision=2,
    )
    assert secrets.filled(told.config, known | told.fresh) == {
        "servers": [{"token": "second"}, {"token": "third"}]
    }


def test_a_field_may_be_secret_by_wish():
    told = sealed({"dsn": CANARY}, also=("dsn",))
    assert told.config == {"dsn": {"$secret": "dsn@1"}}
    again = sealed(told.config, held=told.config, known=told.fresh, revision=2)
    assert again.config == told.config and not again.problems
    kept = sealed({"dsn": secrets.REDACTED}, held=told.config, known=told.fresh, revision=2)
    assert kept.config == told.config


def test_a_plugins_words_are_told_without_its_secrets():
    config = {"a": secrets.hidden({"user": CANARY, "more": [f"{CANARY}-longer"]}), "b": "shown"}
    told = secrets.scrubbed(f"{CANARY}-longer, {CANARY}, shown", secrets.hidden_texts(config))
    assert told == "********, ********, shown"


def test_a_secret_shows_itself_in_no_log_and_goes_over_the_wire_as_it_is():
    value = secrets.hidden({"user": CANARY})
    assert CANARY not in f"{value} {value!r} {[value]}"
    assert json.loads(json.dumps(value)) == orjson.loads(orjson.dumps(value)) == {"user": CANARY}


def test_changes_are_told_by_field_without_secrets():
    before = {"a": 1, "b": {"c": "x", "gone": True}, "key": {"$secret": "key@1"}, "l": [{"n": 1}]}
    after = {"a": 1.5, "b": {"c": "x"}, "key": {"$secret": "key@2"}, "l": [{"n": 2}], "new": [1]}
    told = [(each.path, each.kind, each.before, each.after) for each in changes(before, after)]
    assert told == [
        ("a", "changed", 1, 1.5),
        ("b.gone", "removed", True, None),
        ("key", "changed", "********", "********"),
        ("l.0.n", "changed", 1, 2),
        ("new", "added", None, [1]),
    ]
    assert changes({"a": 1}, {"a": True})[0].kind == "changed"
    assert not changes(after, json.loads(json.dumps(after)))


def test_problems_are_told_by_field_and_never_by_value():
    schema = {
        "required": ["name", "url"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 9},
            "url": {"type": "string"},
            "code": {"type": "string", "pattern": "^a+$"},
            "either": {"oneOf": [{"type": "integer"}, {"type": "null"}]},
            "list": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
            "never": False,
        },
    }
    config = {
        "name": CANARY[:6],
        "code": CANARY,
        "either": CANARY,
        "list": [CANARY],
        "never": CANARY,
    }
    told = problems(schema, config)
    assert told == {
        "name": "must have at least 9 characters",
        "url": "is required",
        "code": "must match ^a+$",
        "either": "fits none, or more than one, of the forms it may have",
        "list.0": "must be integer",
        "": "holds a field that must not be set",
    }
    assert problems({}, [1]) == {"": "must be object"}


def test_what_a_reference_stands_for_is_not_judged():
    schema = {
        "properties": {
            "api_key": {"type": "string", "minLength": 3},
            "login": {
                "oneOf": [{"properties": {"token": {"type": "string"}}, "required": ["token"]}]
            },
        }
    }
    config = {"api_key": {"$secret": "a@1"}, "login": {"token": {"$secret": "b@1"}}}
    assert problems(schema, config) == {}


def test_a_schema_fetches_nothing():
    told = problems({"properties": {"a": {"$ref": "http://127.0.0.1:9/schema"}}}, {"a": 1})
    assert list(told) == [""] and "not in it" in told[""]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_what_is_written_is_read_again(config):
    for format in formats.FORMATS:
        assert formats.read(formats.written(config, format), format) == config


@pytest.mark.parametrize(
    ("format", "text", "told"),
    [
        ("json", '{"a": 1,\n}', "line 2"),
        ("json", '{"a": 1, "a": 2}', "'a' comes twice"),
        ("json", "[1]", "must be an object"),
        ("json", "null", "must be an object"),
        ("json", '{"a": NaN}', "a must be a number"),
        ("json", '{"a": "\\u0000"}', "a holds a character"),
        ("json", '{"a": "\\ud800"}', "a holds a character"),
        ("json", "[" * 100_000, "deeper than 64"),
        ("json", '{"a":' * 70 + "1" + "}" * 70, "deeper than 64"),
        ("yaml", "a: &x 1\nb: *x\n", "Aliases (*x) are not taken (line 2)"),
        ("yaml", "a: 1\nb: 2\na: 3\n", "'a' comes twice (line 3)"),
        ("yaml", "a: [1\nb: 2", "line 2"),
        ("yaml", "1: 2", "must be text"),
        ("yaml", "a: .inf", "a must be a number"),
        ("yaml", "a: !!python/object/apply:os.system [id]", "line 1"),
        ("yaml", "a: !!binary aGVsbG8=", "a is a bytes"),
        ("toml", "a = 1\na = 2", "TOML"),
        ("toml", "a = nan", "a must be a number"),
        ("xml", "<a/>", "json, yaml, toml"),
        ("json", '"' + "x" * (1 << 20) + '"', "at most"),
    ],
)
def test_a_text_that_is_no_configuration(format, text, told):
    with pytest.raises(InvalidInput) as caught:
        formats.read(text, format)
    assert told in caught.value.message


def test_toml_has_no_null():
    with pytest.raises(InvalidInput, match=r"a\.b"):
        formats.written({"a": {"b": None}}, "toml")


def test_dates_become_text():
    assert formats.read("a: 2026-11-20", "yaml") == {"a": "2026-11-20"}
    assert formats.read("a = 2026-11-20T10:00:00Z", "toml") == {"a": "2026-11-20T10:00:00+00:00"}


TEXTS = {
    "json": '{\n\t"a": 1,\n\t"list": [\n\t\t{"b": 2},\n\t\t{"b": 3}\n\t],\n\t"o": {"x.y": 1}\n}',
    "yaml": "# settings\na: 1\nlist:\n  - b: 2\n  - b: 3\no:\n  x.y: 1\n",
    "toml": 'a = 1\n\n[[list]]\nb = 2\n[[list]]\nb = 3\n[o]\n"x.y" = 1\n',
}
LINES = {
    "json": {"a": 2, "list.1.b": 5, "o.x.y": 7},
    "yaml": {"a": 2, "list.1.b": 5, "o.x.y": 7},
    "toml": {"a": 1, "list.1.b": 6, "o.x.y": 8},
}


@pytest.mark.parametrize("format", formats.FORMATS)
def test_every_problem_has_its_line(format):
    text, wanted = TEXTS[format], LINES[format]
    formats.read(text, format)
    told = formats.lines(text, format)
    assert {name: told[name] for name in wanted} == wanted
    found = formats.with_lines({"list.1.c": "is required", "z": "is required"}, text, format)
    row = told["list.1"]
    assert found == {"list.1.c": f"is required (line {row})", "z": "is required (line 1)"}


def test_a_text_of_toml_is_toml():
    assert tomllib.loads(formats.written({"a": {"b": [1, 2]}}, "toml")) == {"a": {"b": [1, 2]}}


def test_of_several_forms_the_one_that_is_meant_is_told() -> None:
    own = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "limit": {"type": "integer", "minimum": 1}},
        "required": ["name"],
        "additionalProperties": False,
    }
    schema = {
        "properties": {
            "model": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/own"}, {"type": "null"}]},
            "either": {"oneOf": [own, {"type": "object", "required": ["url"]}]},
        },
        "$defs": {"own": own},
    }
    assert problems(schema, {"model": "m"}) == {}
    assert problems(schema, {"model": {"limit": 0}}) == {
        "model.name": "is required",
        "model.limit": "must be at least 1",
    }
    told = problems(schema, {"model": {"name": "m", "timeout": CANARY}})
    assert list(told) == ["model"]
    assert "'timeout'" in told["model"] and CANARY not in told["model"]
    assert problems(schema, {"model": 3, "either": {}}) == {
        "model": "fits none of the forms it may have",
        "either": "fits none, or more than one, of the forms it may have",
    }

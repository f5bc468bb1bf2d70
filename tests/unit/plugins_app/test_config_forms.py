"""The form of a configuration: drawn from its schema, and read again."""

from typing import Any

import pytest

from plugins_app.configuration.drawing import Field, drawn
from plugins_app.configuration.posted import read_form
from plugins_app.configuration.secrets import REDACTED
from plugins_app.configuration.shapes import MAX_FIELDS, Shape, shape_of

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "title": "Its name", "description": "Shown."},
        "api_key": {"type": "string"},
        "retries": {"type": "integer", "minimum": 0, "maximum": 9, "default": 3},
        "ratio": {"type": "number"},
        "stream": {"type": "boolean", "default": True},
        "mode": {"enum": ["fast", "good", 3]},
        "prompt": {"type": "string", "format": "textarea"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "optional": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "pair": {"$ref": "#/$defs/pair"},
        "servers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["url"],
                "properties": {
                    "url": {"type": "string", "format": "uri"},
                    "token": {"type": "string"},
                    "ports": {"type": "array", "items": {"type": "integer"}},
                },
            },
        },
    },
    "$defs": {"pair": {"type": "object", "properties": {"x": {"type": "integer"}}}},
}
CONFIG: dict[str, Any] = {
    "name": "echo",
    "api_key": {"$secret": "api_key@2"},
    "retries": 5,
    "ratio": 0.5,
    "stream": False,
    "mode": 3,
    "prompt": "two\nlines",
    "tags": ["a", "b"],
    "either": 7,
    "optional": "",
    "pair": {},
    "servers": [
        {"url": "http://a/", "token": {"$secret": "servers.0.token@1"}, "ports": [1, 2]},
        {"url": "http://b/"},
    ],
    "other": {"kept": [1, None]},
}
SHAPE = shape_of(SCHEMA)


def typed(field: Field) -> dict[str, str]:
    """What a browser sends of a form that nobody touched (`templates/plugins_app/_config_field.html`)."""
    sent: dict[str, str] = {}
    match field.kind:
        case "object" | "list" | "rows":
            sent |= {f"{field.name}?there": "1"} if field.there else {}
        case "choice" | "boolean":
            sent[field.name] = next((each.value for each in field.choices if each.chosen), "")
        case "secret":
            sent[field.name] = ""
            sent |= {f"{field.name}?kept": field.kept} if field.kept else {}
        case "json":
            sent[f"{field.name}?json"] = field.text
        case _:
            # Browsers send the line breaks of a textarea so.
            sent[field.name] = field.text.replace("\n", "\r\n")
            sent |= {f"{field.name}?empty": "1"} if field.empty else {}
    if field.rest:
        sent[f"{field.name}?rest"] = field.rest.text
    for child in field.children:
        sent |= typed(child)
        if field.kind == "rows":
            sent[f"{child.name}?row"] = "new" if child.is_new else "1"
    return sent


def form(config: dict[str, Any] = CONFIG, shape: Shape = SHAPE) -> dict[str, str]:
    return typed(drawn(shape, config, None, {}))


def fields(field: Field) -> dict[str, Field]:
    found = {field.name: field}
    for child in field.children:
        found |= fields(child)
    return found


@pytest.mark.parametrize(
    "config", [CONFIG, {}, {"name": "x"}, {"servers": []}, {"tags": [], "a": 1}]
)
def test_a_form_that_nobody_touched_changes_nothing(config):
    reading = read_form(SHAPE, form(config))
    assert (reading.config, reading.problems, reading.moves) == (config, {}, {})


@pytest.mark.parametrize(
    "config",
    [
        {
            "name": 3,
            "retries": "many",
            "stream": "yes",
            "tags": "a",
            "pair": 1,
            "servers": {"a": 1},
        },
        {"tags": [1, {"a": 2}], "servers": ["text", {"url": 1, "more": [True]}], "mode": "gone"},
        {"name": None, "retries": True, "ratio": None, "either": {"deep": [{}]}},
    ],
)
def test_what_does_not_fit_its_schema_is_not_lost(config):
    assert read_form(SHAPE, form(config)).config == config


def test_every_kind_has_its_widget():
    told = fields(drawn(SHAPE, CONFIG, None, {}))
    kinds = {name: field.kind for name, field in told.items()}
    assert {name: kinds[f"/{name}"] for name in SCHEMA["properties"]} == {
        "name": "text",
        "api_key": "secret",
        "retries": "integer",
        "ratio": "number",
        "stream": "boolean",
        "mode": "choice",
        "prompt": "long",
        "tags": "list",
        "either": "json",
        "optional": "text",
        "pair": "object",
        "servers": "rows",
    }
    name, retries = told["/name"], told["/retries"]
    assert (name.label, name.help, name.required) == ("Its name", "Shown.", True)
    assert (retries.hint, retries.attributes) == ("3", {"min": 0, "max": 9, "step": 1})
    assert told["/servers/0/url"].input == "url"
    assert (told["/api_key"].text, told["/api_key"].kept) == ("", "api_key@2")


def test_what_is_needed_comes_first_and_groups_last():
    names = [child.key for child in drawn(SHAPE, {}, None, {}).children]
    assert names[0] == "name"
    assert set(names[-4:]) == {"either", "pair", "servers", "tags"}


def test_what_is_typed_becomes_a_configuration():
    sent = form({}) | {
        "/name": "new",
        "/api_key": "typed",
        "/retries": " 7 ",
        "/ratio": "1e-3",
        "/stream": "true",
        "/mode": '"fast"',
        "/tags/0": "one",
        "/tags/4": "two",
        "/either": "",
        "/pair/x": "-2",
        "/servers/0/url": "http://c/",
        "/servers/0/ports/0": "80",
        "?rest": '{"more": true}',
    }
    assert read_form(SHAPE, sent).config == {
        "name": "new",
        "api_key": "typed",
        "retries": 7,
        "ratio": 0.001,
        "stream": True,
        "mode": "fast",
        "tags": ["one", "two"],
        "pair": {"x": -2},
        "servers": [{"url": "http://c/", "ports": [80]}],
        "more": True,
    }


def test_what_is_taken_away_is_gone_and_the_others_keep_their_secrets():
    sent = form() | {"/api_key?clear": "1", "/tags/0": "", "/servers/1?remove": "1", "/retries": ""}
    config = read_form(SHAPE, sent).config
    assert "api_key" not in config and "retries" not in config
    assert (config["tags"], config["servers"]) == (["b"], CONFIG["servers"][:1])


def test_problems_stand_at_their_fields_though_a_row_before_is_gone():
    sent = form() | {"/servers/0?remove": "1"}
    reading = read_form(SHAPE, sent)
    assert reading.config["servers"] == [{"url": "http://b/"}]
    told = fields(drawn(SHAPE, {}, sent, reading.in_form({"servers.0.url": "is wrong"})))
    assert told["/servers/1/url"].errors == ["is wrong"]
    assert not told["/servers/0/url"].errors


def test_problems_of_parts_stand_at_what_is_asked_for_as_a_whole_and_the_rest_on_top():
    told = drawn(SHAPE, CONFIG, None, {"either.deep.0": "is wrong", "gone": "is odd", "": "is bad"})
    assert fields(told)["/either"].errors == ["deep.0: is wrong"]
    assert sorted(told.errors) == ["gone is odd", "is bad"]


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("/retries", "1.5", "retries"),
        ("/retries", "x", "retries"),
        ("/ratio", "nan", "ratio"),
        ("/ratio", "1e999", "ratio"),
        ("/either?json", "{", "either"),
        ("/either?json", "NaN", "either"),
        ("/either?json", "[" * 99_999, "either"),
        ("?rest", "[1]", ""),
        ("?rest", '{"name": "twice"}', ""),
        ("/mode", "fast", "mode"),
    ],
)
def test_what_is_no_value_is_told_and_shown_again(name, text, field):
    sent = form() | {name: text}
    reading = read_form(SHAPE, sent)
    assert list(reading.problems) == [field]
    told = drawn(SHAPE, {}, sent, reading.problems)
    place = fields(told)[f"/{field}" if field else ""]
    assert place.errors
    if name in ("/retries", "/ratio"):
        assert place.text == text


def test_a_typed_secret_is_never_drawn():
    sent = form() | {"/api_key": "canary", "/servers/0/token": "canary", "/name": ""}
    assert "canary" not in repr(drawn(SHAPE, {}, sent, {"name": "is required"}))


def test_a_secret_that_lies_open_is_kept_by_stars():
    sent = form({"name": "x", "api_key": REDACTED})
    assert read_form(SHAPE, sent).config == {"name": "x", "api_key": REDACTED}


def test_a_secret_object_is_typed_as_json():
    shape = shape_of({"properties": {"credentials": {"type": "object"}}})
    assert read_form(shape, {"/credentials": '{"user": "u"}'}).config == {
        "credentials": {"user": "u"}
    }
    assert read_form(shape, {"/credentials": "{"}).problems == {"credentials": "must be JSON"}


def test_keys_with_odd_characters():
    shape = shape_of({"properties": {"a/b~c.d?e": {"type": "string"}}})
    config = {"a/b~c.d?e": "x"}
    assert read_form(shape, form(config, shape)).config == config


def test_a_schema_of_itself_ends_in_json():
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "#/$defs/t"}, "n": {"type": "integer"}},
    }
    shape = shape_of({"properties": {"t": {"$ref": "#/$defs/t"}}, "$defs": {"t": tree}})
    config = {"t": {"n": 1, "left": {"n": 2, "left": {"n": 3}}}}
    assert read_form(shape, form(config, shape)).config == config


def test_a_schema_that_unfolds_without_end_is_bounded():
    wide = {f"f{n}": {"$ref": f"#/$defs/d{n % 3}"} for n in range(30)}
    defs = {
        f"d{n}": {"type": "object", "properties": {k: {"$ref": f"#/$defs/e{n}"} for k in wide}}
        for n in range(3)
    }
    ends = {
        f"e{n}": {
            "type": "object",
            "properties": {k: {"type": "object", "properties": wide} for k in wide},
        }
        for n in range(3)
    }
    shape = shape_of({"properties": wide, "$defs": defs | ends})

    def count(one: Shape) -> int:
        return 1 + sum(map(count, one.properties.values())) + (count(one.item) if one.item else 0)

    assert count(shape) < MAX_FIELDS * 40


@pytest.mark.parametrize("schema", [{}, {"properties": 1}, {"properties": {"a": True, "b": False}}])
def test_a_schema_that_says_little(schema):
    shape = shape_of(schema)
    config = {"a": [1], "c": {"d": "e"}}
    assert read_form(shape, form(config, shape)).config == config


NAMED: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "object", "properties": {}}]}
MIXED = shape_of(
    {
        "type": "object",
        "properties": {
            "model": NAMED,
            "tools": {"type": "array", "items": NAMED},
            "instructions": {"type": "string"},
            "other": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        },
    }
)


def test_a_name_or_an_object_has_one_field_for_both() -> None:
    config = {"model": {"name": "m"}, "tools": ["clock", {"agent": "echo"}]}
    told = drawn(MIXED, config, None, {})
    kinds = {each.key: each.kind for each in told.children}
    assert kinds == {"model": "mixed", "tools": "list", "instructions": "long", "other": "json"}
    (model,) = (each for each in told.children if each.key == "model")
    assert model.text == '{\n  "name": "m"\n}'
    (tools,) = (each for each in told.children if each.key == "tools")
    assert [each.text for each in tools.children] == ["clock", '{\n  "agent": "echo"\n}', ""]


def test_what_begins_with_a_brace_is_an_object() -> None:
    posted = {"/model": "fast", "/tools/0": "clock", "/tools/1": ' {"agent": "echo"}'}
    assert read_form(MIXED, posted).config == {
        "model": "fast",
        "tools": ["clock", {"agent": "echo"}],
    }
    assert read_form(MIXED, {"/model": "{nonsense"}).problems == {"model": "must be JSON"}


def test_what_is_wrong_inside_a_mixed_field_stands_at_it() -> None:
    told = drawn(MIXED, {"model": {"name": 1}}, None, {"model.name": "must be text"})
    (model,) = (each for each in told.children if each.key == "model")
    assert model.errors == ["name: must be text"]

"""What persons read goes through gettext: every text of a refusal, and of what it says about each field."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from security.errors import PublicError
from tests.architecture.test_house import APPS, ROOT, family, sources

# Modules whose refusals stay English, each with its reason.
ENGLISH = {
    "monitoring/consumers.py": "closes a socket: a program reads the code, nobody the words",
    "plugins_app/configuration/formats.py": "pure: what is wrong with a text, by its line",
    "plugins_app/fetching/folder.py": "the command line publishes with it, without Django",
    "routing/routes.py": "the message path: a program reads it, outside of any language",
    "security/middleware.py": "refuses an address before a language is chosen",
    "security/pagination.py": "a cursor that only a program can have forged",
    "security/parsers.py": "a body that only a program can have sent",
    "security/rows.py": "for the message path, outside of any language",
    "security/sessions.py": "the header of a WebSocket, which only a program can send",
    "security/verdicts.py": "a wrong API key, which only a program can have sent",
}
# Whole folders: errors of the A2A protocol and of the delivery behind it; a manifest, a file that a developer wrote, and
# packages: the command line reads, builds and signs them without Django.
ENGLISH_FOLDERS = (
    "plugins_app/manifest/",
    "plugins_app/packages/",
    "registry/cards/",
    "routing/a2a/",
    "routing/delivery/",
    "routing/gateway/",
    "routing/journal/",
)
PLACE = re.compile(r"%\((\w+)\)")
TRANSLATED = ("_", "gettext", "gettext_lazy", "ngettext")
for app in APPS:
    if (ROOT / app / "errors.py").exists():
        import_module(f"{app}.errors")
REFUSALS = {error.__name__ for error in family(PublicError)}
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


def called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def said(node: ast.AST | None, scopes: tuple[Scope, ...]) -> Iterator[ast.Constant]:
    """The texts that an expression may show untranslated; names are looked up in the scopes, inner first."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and any(letter.isalpha() for letter in node.value):
            yield node
    elif isinstance(node, ast.Name):
        for value in assigned(node.id, scopes):
            yield from said(value, scopes)
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from () if is_label(part) else said(part, scopes)
    elif isinstance(node, ast.BinOp):
        yield from said(node.left, scopes)
        if isinstance(node.op, ast.Add):
            yield from said(node.right, scopes)
    elif isinstance(node, ast.IfExp):
        yield from said(node.body, scopes)
        yield from said(node.orelse, scopes)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from said(value, scopes)
    elif isinstance(node, ast.Call) and called(node) not in TRANSLATED:
        method = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        for part in (*method, *node.args):
            yield from said(part, scopes)


def is_label(part: ast.expr) -> bool:
    """`minutes: `, the name of a field before what is wrong with it: forms find the field by it."""
    return isinstance(part, ast.Constant) and re.fullmatch(r"[a-z_]+: ", part.value) is not None


def assigned(name: str, scopes: tuple[Scope, ...]) -> Iterator[ast.expr]:
    """What is given to this name, or to an item of it, in the innermost scope that does."""
    for scope in scopes:
        found = [
            node.value
            for node in ast.walk(scope)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if name == owner_of(target)
        ]
        if found:
            yield from found
            return


def owner_of(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def refusals(scopes: tuple[Scope, ...]) -> Iterator[tuple[ast.Call, tuple[Scope, ...]]]:
    """Every refusal that is made in the innermost scope or below, with the scopes its names live in."""
    for node in direct(scopes[0]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from refusals((node, *scopes))
        elif isinstance(node, ast.Call) and called(node) in REFUSALS:
            yield node, scopes


def direct(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from direct(child)


def untranslated(source: str) -> list[tuple[int, str]]:
    """Line and text of what a module's refusals say without gettext."""
    found: set[tuple[int, str]] = set()
    for call, scopes in refusals((ast.parse(source),)):
        shown = call.args[:1] + [word.value for word in call.keywords if word.arg == "fields"]
        found |= {(text.lineno, text.value) for node in shown for text in said(node, scopes)}
    return sorted(found)


def modules() -> Iterator[tuple[str, Path]]:
    for path in sources(*APPS):
        name = path.relative_to(ROOT).as_posix()
        if "/migrations/" not in name and not name.startswith(ENGLISH_FOLDERS):
            yield name, path


def test_every_refusal_is_translated():
    found = {
        f"{name}:{line}": text
        for name, path in modules()
        if name not in ENGLISH
        for line, text in untranslated(path.read_text())
    }
    assert not found


@pytest.mark.parametrize("name", ENGLISH)
def test_an_exception_that_is_no_longer_one_is_taken_out(name):
    assert untranslated((ROOT / name).read_text())


def test_only_whole_texts_are_looked_up():
    """gettext finds a text by its letters: one that is put together first is never found."""
    found = [
        f"{name}:{node.lineno}"
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and called(node) in TRANSLATED
        if not node.args or not isinstance(node.args[0], ast.Constant)
    ]
    assert not found


def misfilled(scopes: tuple[Scope, ...]) -> Iterator[int]:
    """Lines of `_("…") % {…}`, also by a name, where what is given is not what the text asks for."""
    for node in direct(scopes[0]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from misfilled((node, *scopes))
        elif isinstance(node, ast.BinOp) and isinstance(node.right, ast.Dict):
            given = {key.value for key in node.right.keys if isinstance(key, ast.Constant)}
            left = node.left
            texts = assigned(left.id, scopes) if isinstance(left, ast.Name) else [left]
            asked = [
                set(PLACE.findall(ast.unparse(text)))
                for text in texts
                if isinstance(text, ast.Call) and called(text) in TRANSLATED
            ]
            if asked and given not in asked:
                yield node.lineno


def test_every_place_in_a_text_is_filled():
    """Python would find it only when the refusal is made, and answer 500 in its place."""
    found = [
        f"{name}:{line}"
        for name, path in modules()
        for line in misfilled((ast.parse(path.read_text()),))
    ]
    assert not found


@pytest.mark.parametrize(
    "source",
    ["_('No %(it)s.') % {'id': it}", "def deed():\n    told = _('No %(it)s.')\n    told % {}"],
)
def test_a_place_that_is_not_filled_is_found(source):
    assert list(misfilled((ast.parse(source),)))


@pytest.mark.parametrize(
    "source",
    [
        "raise NotFound('There is none.')",
        "raise NotFound(f'There is no {it}.')",
        "raise NotFound('There is no %s.' % it)",
        "raise NotFound('There is no {}.'.format(it))",
        "raise InvalidInput(_('No.'), fields={'name': 'unknown'})",
        "raise InvalidInput(_('No.'), fields=dict.fromkeys(names, 'unknown'))",
        "def deed():\n    told = f'There is no {it}.'\n    raise NotFound(told)",
        "def deed():\n    wrong['name'] = 'unknown'\n    raise InvalidInput(_('No.'), fields=wrong)",
        "AWAY = 'Away.'\ndef deed():\n    raise Unavailable(AWAY) from None",
    ],
)
def test_a_text_without_gettext_is_found(source):
    assert untranslated(source)


@pytest.mark.parametrize(
    "source",
    [
        "raise NotFound(_('There is no %(it)s.') % {'it': it})",
        "raise NotFound(f'{name}: {why}')",
        "raise InvalidInput(f'minutes: {told}')",
        "raise InvalidInput('; '.join(wrong), fields={'name': _('unknown')})",
        "raise TooManyRequests(_('Wait.'), allow='GET')",
        "raise ValueError('a mistake of ours')",
    ],
)
def test_a_text_with_gettext_is_left_alone(source):
    assert not untranslated(source)

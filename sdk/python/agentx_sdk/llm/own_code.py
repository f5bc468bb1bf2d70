"""An author's own object, by a dotted path or a file: `package.module:name`, `folder/file.py:name`."""

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from agentx_sdk.errors import ConfigError


def loaded(told: str, folders: Sequence[str] = (), path: str = "code") -> Any:
    """The object. `folders`: where a relative file and a package are looked for, besides the plugin's own folder.

    A module is imported once a process; a changed file is another one. Raises `ConfigError`.
    """
    where, _, name = told.partition(":")
    if not where or not name:
        raise _refused(told, "must be package.module:name or folder/file.py:name", path)
    module = (
        _file(told, where, folders, path)
        if where.endswith(".py")
        else _module(told, where, folders, path)
    )
    found: Any = module
    for step in name.split("."):
        if not hasattr(found, step):
            raise _refused(told, f"{where} has no {name!r}", path)
        found = getattr(found, step)
    return found


def made(found: Any, **offered: Any) -> Any:
    """The object itself; of a plain function what it returns, given those of `offered` that it asks for by name."""
    if not inspect.isfunction(found):
        return found
    wanted = inspect.signature(found).parameters
    return found(**{name: value for name, value in offered.items() if name in wanted})


def _file(told: str, where: str, folders: Sequence[str], path: str) -> ModuleType:
    places = (
        [Path(where)]
        if Path(where).is_absolute()
        else [Path(each) / where for each in (*folders, _own_folder())]
    )
    file = next((each for each in places if each.is_file()), None)
    if file is None:
        looked = ", ".join(str(each.parent) for each in places)
        raise _refused(told, f"there is no file {Path(where).name} in {looked}", path)
    name = f"agentx_own_{hashlib.sha256(str(file).encode() + file.read_bytes()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise _refused(told, f"{file} is not Python", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _make_findable([str(file.parent), str(_root(file)), *folders])
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise
        raise _broken(told, error, path) from error
    return module


def _root(file: Path) -> Path:
    """Where the packages that it is in begin: from there they import one another."""
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    return folder


def _own_folder() -> str:
    """The plugin's: that of its program. It does not run there, but where it may write."""
    program = getattr(sys.modules["__main__"], "__file__", None)
    return str(Path(program).resolve().parent) if program else "."


def _module(told: str, where: str, folders: Sequence[str], path: str) -> ModuleType:
    _make_findable(folders)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(where)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise _broken(told, error, path) from error


def _make_findable(folders: Sequence[str]) -> None:
    """Behind everything that is there: own code must not take the place of a library."""
    sys.path += [each for each in folders if each not in sys.path]


def _broken(told: str, error: BaseException, path: str) -> ConfigError:
    return _refused(told, f"it does not import: {type(error).__name__}: {error}"[:500], path)


def _refused(told: str, why: str, path: str) -> ConfigError:
    return ConfigError(f"{told}: {why}", {path: why})

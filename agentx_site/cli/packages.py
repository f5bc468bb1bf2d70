"""`agentx plugin build | keygen | sign | install`: packages on this machine, and into AgentX."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from agentx_site.cli import output, waiting
from agentx_site.cli.errors import Failed, Refused
from agentx_site.cli.options import json_option
from agentx_site.cli.plugins import plugin
from agentx_site.cli.preparing import following, until_prepared
from agentx_site.cli.server import Json, Server, at
from agentx_site.cli.target import server
from plugins_app.packages import archive, index, signing
from plugins_app.packages.archive import Built
from plugins_app.packages.index import Entry
from security.errors import PublicError

UPLOAD_SECONDS: Final = 180.0
KEY_SUFFIX: Final = ".pem"


@dataclass(frozen=True)
class Package:
    """A package in hand, and the signature that lay beside it; empty: it has none."""

    built: Built
    signature: str = ""


def package_at(path: Path) -> Package:
    """What lies in a folder, packed, or the package that a file is. Raises `Failed`."""
    try:
        if path.is_dir():
            return Package(archive.build(path.resolve()))
        built = archive.built(path.read_bytes())
    except PublicError as error:
        raise Failed(error.message) from None
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror}.") from None
    beside = path.with_name(path.name + signing.SUFFIX)
    return Package(built, beside.read_text().strip() if beside.exists() else "")


def signed(package: Package, key: Path | None) -> Package:
    """The same with a signature by the key in this file."""
    if key is None:
        return package
    try:
        return Package(package.built, signing.sign(key.read_bytes(), package.built.sha256))
    except PublicError as error:
        raise Failed(f"{key}: {error.message}") from None
    except OSError as error:
        raise Failed(f"{key} cannot be read: {error.strerror}.") from None


# Not `--key`: that is the API key, at every level.
signing_option = click.option(
    "--sign-with",
    "key_file",
    type=click.Path(path_type=Path),
    help="A private key that `keygen` made.",
)


@plugin.command("build")
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".")
@click.option(
    "--output", "-o", "wanted", type=click.Path(path_type=Path), help="A file or a folder."
)
@signing_option
@json_option
def build(path: Path, wanted: Path | None, key_file: Path | None, json_wanted: bool) -> None:
    """Pack the plugin that lies in a folder. The same folder makes the same bytes."""
    package = signed(package_at(path), key_file)
    to = _target(wanted, package.built.file_name)
    _write(to, package.built.content)
    if package.signature:
        _write(to.with_name(to.name + signing.SUFFIX), package.signature.encode() + b"\n")
    _tell(package, to, json_wanted)


@plugin.command("keygen")
@click.argument("name", default="publisher")
def keygen(name: str) -> None:
    """Make a key to sign packages with: NAME.pem, which stays with you, and its public key."""
    path = Path(name).with_suffix(KEY_SUFFIX)
    private, public = signing.new_key()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Failed(f"{path} is there already: keys are never written over.") from None
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(private)
    click.echo(f"private key  {path}\npublic key   {public}")
    told = f"agentx plugin key add {Path(name).stem} {public}"
    click.echo(f"An admin lets it lend trust with: {told}", err=True)


@plugin.command("sign")
@click.argument("package", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("key_file", metavar="KEY", type=click.Path(path_type=Path))
def sign(package: Path, key_file: Path) -> None:
    """Sign a package with a private key: its signature is written beside it."""
    found = signed(package_at(package), key_file)
    to = package.with_name(package.name + signing.SUFFIX)
    _write(to, found.signature.encode() + b"\n")
    click.echo(f"signed: {to}")


@plugin.command("install")
@click.argument("source", metavar="NAME[@RANGE] | FOLDER | PACKAGE")
@click.option("--registry", default="", help="A folder, or one AgentX knows by name.")
@click.option("--config", default="", help="A JSON object.")
@click.option("--ignore-signature", is_flag=True, help="Install it as if it were unsigned.")
@click.option("--start", is_flag=True, help="Start it, too, and wait until it runs.")
@following
@json_option
@click.pass_context
def install(
    context: click.Context,
    source: str,
    registry: str,
    config: str,
    ignore_signature: bool,
    start: bool,
    seconds: float,
    no_wait: bool,
    json_wanted: bool,
) -> None:
    """Install a plugin from a folder or package of this machine, or by its name from a registry."""
    connection = server(context)
    settings = _object(config)
    package = _in_hand(source, registry)
    if package is not None:
        signature = "" if ignore_signature else package.signature
        made = _upload(connection, package.built.content, signature, settings)
    else:
        name, _at, spec = source.partition("@")
        body: Json = {"name": name, "version": spec, "registry": registry}
        body |= {"config": settings} if settings is not None else {}
        made = _by_name(connection, body | {"ignore_signature": ignore_signature})
    _warn(made)
    if not no_wait:
        made = until_prepared(connection, made, seconds, quiet=json_wanted)
    if start:
        made = _started(connection, made["name"], seconds, no_wait=no_wait)
    if json_wanted:
        output.as_json(made)
    else:
        click.echo(_installed(made, started=start and not no_wait))


def _started(connection: Server, name: str, seconds: float, *, no_wait: bool) -> Json:
    seen = waiting.newest_event(connection, name)
    connection.post(at("plugins", name, "start"))
    if no_wait:
        found: Json = connection.get(at("plugins", name))
        return found
    return waiting.until(connection, name, waiting.is_running, seconds, "running", seen)


def _in_hand(source: str, registry: str) -> Package | None:
    """What this machine has: a folder, a package, or a version in a static folder. None: AgentX finds it by name."""
    path = Path(source).expanduser()
    if path.exists() and (path.is_file() or (path / "plugin.yaml").exists() or "/" in source):
        return package_at(path)
    if registry and (Path(registry) / index.FILE_NAME).exists():
        return _from_folder(Path(registry), source)
    if "/" in source or source.endswith(archive.SUFFIX):
        raise Failed(f"{source} is not there.")
    return None


def _from_folder(folder: Path, source: str) -> Package:
    name, _at, spec = source.partition("@")
    found = index.chosen(entries_in(folder), name, spec)
    if found is None:
        raise Failed(f"{folder} has no {name} that fits {spec or 'any'!r}.")
    if found.yanked:
        click.echo(f"warning: {name} {found.version} was yanked: {found.yanked}", err=True)
    package = package_at(folder / found.file)
    if package.built.sha256 != found.sha256:
        raise Failed(f"{folder / found.file} is not what its index says: its sha256 differs.")
    return Package(package.built, found.signature)


def entries_in(folder: Path) -> list[Entry]:
    """What a static folder lists. Raises `Failed`."""
    try:
        return index.read((folder / index.FILE_NAME).read_bytes())
    except PublicError as error:
        raise Failed(f"{folder}: {error.message}") from None
    except OSError as error:
        raise Failed(f"{folder / index.FILE_NAME} cannot be read: {error.strerror}.") from None


def _upload(connection: Server, content: bytes, signature: str, config: Json | None) -> Json:
    fields = {"signature": signature} if signature else {}
    fields |= {"config": json.dumps(config)} if config is not None else {}
    made: Json = connection.upload("/api/v1/plugins/load", content, fields, UPLOAD_SECONDS)
    return made


def _by_name(connection: Server, body: Json) -> Json:
    try:
        made: Json = connection.call("/api/v1/plugins/load", body, {}, UPLOAD_SECONDS)
    except Refused as refused:
        if refused.code == "signature_refused":
            then = "Add its publisher's key, or install it with --ignore-signature."
            raise Failed(f"{refused.message} {then}") from None
        raise
    return made


def _warn(made: Json) -> None:
    for warning in made.get("warnings", ()):
        click.echo(f"warning: {warning}", err=True)


def _installed(made: Json, *, started: bool) -> str:
    name, version = made["name"], made["version"]
    told = made["installation"] or {}
    if told.get("state") not in (None, "ready", "none"):
        return f"{name} {told['version']} is being installed: see `agentx plugin releases {name}`"
    if started:
        return f"{name} {version} is installed and runs"
    if made["desired"] == "stopped":
        return f"{name} {version} is installed: start it with `agentx plugin start {name}`"
    return f"{name} {version} is installed: its processes change over"


def _object(text: str) -> Json | None:
    if not text:
        return None
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise click.BadParameter("is no JSON object", param_hint="--config")
    return value


def _target(wanted: Path | None, file_name: str) -> Path:
    if wanted is None:
        return Path(file_name)
    if wanted.is_dir() or str(wanted).endswith("/"):
        return wanted / file_name
    return wanted


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.tmp")
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}.") from None


def _tell(package: Package, path: Path, json_wanted: bool) -> None:
    built = package.built
    told = {
        "name": built.name,
        "version": built.version,
        "file": str(path),
        "size": len(built.content),
        "sha256": built.sha256,
        "signature": package.signature,
    }
    if json_wanted:
        output.as_json(told)
    else:
        output.facts([(name, value) for name, value in told.items() if value])

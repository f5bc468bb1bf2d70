"""Packages: the same bytes whenever they are built, and nothing of the disk touched by a hostile one."""

import gzip
import io
import os
import shutil
import tarfile

import pytest

from plugins_app import manifest as manifests
from plugins_app.errors import ChangedFiles, InvalidManifest, InvalidPackage
from plugins_app.packages import archive, contents, entries
from tests.packing import built, entry, folder, manifest, tarred


def names_in(content):
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return tar.getnames()


def test_the_same_folder_makes_the_same_bytes(tmp_path):
    one = folder(tmp_path / "one")
    two = shutil.copytree(one, tmp_path / "two")
    for path in two.iterdir():
        os.utime(path, (1, 1))
        path.chmod(0o600)
    first, second = archive.build(one), archive.build(two)
    assert first.content == second.content
    assert first.file_name == "packed-1.0.0.agentx.tar.gz"
    assert first.contents == contents.digest_of(one)


def test_what_running_and_building_made_stays_out(tmp_path):
    made = folder(tmp_path, notes__log="x", keep__txt="x", __env="SECRET=1")
    (made / ".agentxignore").write_text("# ours\n*.log\n/data/\ndocs/*.png\n")
    for name in ("__pycache__/a.pyc", "node_modules/b/c.js", ".git/HEAD", "data/big", "docs/a.png"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("x")
    (made / "docs" / "data").mkdir()
    (made / "docs" / "data" / "kept").write_text("x")
    found = names_in(archive.build(made).content)
    assert found == ["docs/data/kept", "keep.txt", "main.py", "plugin.yaml"]


def test_an_x_bit_is_kept(tmp_path):
    told = manifest(runtime={"language": "other", "executable": "run"})
    made = folder(tmp_path, told, run="#!/bin/sh\n")
    with pytest.raises(InvalidManifest, match=r"runtime.executable: ./run may not be run"):
        archive.opened(tarred(entry("run"), told=manifest(runtime={"executable": "./run"})))
    (made / "run").chmod(0o755)
    package = archive.build(made)
    archive.unpack(package.content, tmp_path / "release")
    assert os.access(tmp_path / "release" / "run", os.X_OK)
    assert contents.digest_of(tmp_path / "release") == package.contents


def test_a_link_is_not_packed(tmp_path):
    made = folder(tmp_path)
    (made / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(InvalidPackage, match="'passwd' in the package is a link"):
        archive.build(made)


def test_unpacking_is_whole_or_not_at_all(tmp_path):
    package, into = built(tmp_path), tmp_path / "releases" / "one"
    archive.unpack(package.content, into)
    assert (into / "main.py").stat().st_mode & 0o777 == 0o444
    archive.unpack(package.content, into)  # again, over what is there
    assert contents.digest_of(into) == package.contents
    with pytest.raises(InvalidPackage):
        archive.unpack(tarred(entry("z/../../out")), tmp_path / "releases" / "two")
    assert sorted(p.name for p in (tmp_path / "releases").iterdir()) == [
        "one", "one.index", "two.tmp",
    ]  # fmt: skip
    assert not (tmp_path / "releases" / "two").exists()
    archive.remove(into)
    assert not contents.index_path(into).exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil", "leads out"),
        ("a/../../evil", "leads out"),
        ("/etc/passwd", "leads out"),
        ("a//b", "is no name"),
        ("a/./b", "is no name"),
        ("a\\..\\b", "is no name"),
        ("a\nb", "is no name"),
        ("x" * 201, "too long a name"),
        ("/".join("a" * 40), "too long a name"),
        ("/".join(["n" * 190] * 3), "too long a name"),
        ("__pycache__/main.cpython-311.pyc", "leave __pycache__ out"),
        ("node_modules/left-pad/index.js", "leave node_modules out"),
        ("main.py", "is there twice"),
        ("MAIN.py", "differ only in case"),
        ("main.py/inside", "is there twice"),
    ],
)
def test_a_name_that_does_harm_is_refused(name, why, tmp_path):
    hostile = tarred(entry(name))
    with pytest.raises(InvalidPackage, match=why):
        archive.opened(hostile)
    with pytest.raises(InvalidPackage, match=why):
        archive.unpack(hostile, tmp_path / "into")
    assert not (tmp_path / "into").exists()
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (tarfile.SYMTYPE, "is a link"),
        (tarfile.LNKTYPE, "is a link"),
        (tarfile.CHRTYPE, "is a device"),
        (tarfile.BLKTYPE, "is a device"),
        (tarfile.FIFOTYPE, "is a device"),
    ],
)
def test_only_files_and_folders_are_unpacked(kind, why):
    with pytest.raises(InvalidPackage, match=f"'thing' in the package {why}"):
        archive.opened(tarred(entry("thing", type=kind, linkname="/etc/passwd", size=0)))


def test_a_file_with_holes_is_refused():
    """It claims more than was packed of it, and could claim anything."""
    sparse = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "hole",
              "GNU.sparse.realsize": "4096"}  # fmt: skip
    hostile = tarred(entry("hole", b"0\n" + bytes(510), pax_headers=sparse))
    with pytest.raises(InvalidPackage, match="a file with holes"):
        archive.opened(hostile)


def test_a_bomb_ends_the_reading_not_the_process(monkeypatch):
    """A gigabyte of zeros in one megabyte: refused by what comes out, whatever the headers say."""
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1 << 20)
    with pytest.raises(InvalidPackage, match="too large"):  # by what its files claim
        archive.opened(tarred(entry("zeros", bytes(2 << 20))))
    monkeypatch.setattr(archive, "MAX_FILES", 10)
    packed = gzip.compress(bytes(4 << 20))  # no header that says anything at all
    with pytest.raises(InvalidPackage):
        archive.opened(packed)


def test_a_header_that_never_ends_is_bounded():
    """An extended header claims a size of its own, which tarfile reads into memory."""
    packed = io.BytesIO()
    told = tarfile.TarInfo("././@LongLink")
    told.type, told.size = tarfile.GNUTYPE_LONGNAME, 700 << 20
    with gzip.GzipFile("", "wb", 1, packed, 0) as zipped:
        zipped.write(told.tobuf(tarfile.GNU_FORMAT))
        for _ in range(700):
            zipped.write(bytes(1 << 20))
    assert len(packed.getvalue()) < 8 << 20
    with pytest.raises(InvalidPackage, match="too large"):
        archive.opened(packed.getvalue())


def test_too_many_files_are_refused(monkeypatch):
    monkeypatch.setattr(entries, "MAX_FILES", 3)
    with pytest.raises(InvalidPackage, match="more than 3 files"):
        archive.opened(tarred(entry("a"), entry("b")))


def test_a_large_file_is_no_package(monkeypatch):
    monkeypatch.setattr(archive, "MAX_PACKED_BYTES", 100)
    with pytest.raises(InvalidPackage, match="too large"):
        archive.opened(tarred())


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", gzip.compress(b"hello", mtime=0), tarred()[:200]]
)
def test_what_is_no_archive_is_refused(content):
    with pytest.raises(InvalidPackage):
        archive.opened(content)


def test_a_manifest_is_at_the_top():
    nested = tarred(entry("packed/plugin.yaml"), sound=False)
    with pytest.raises(InvalidPackage, match=r"'packed/plugin.yaml' .* at the top"):
        archive.opened(nested)
    with pytest.raises(InvalidPackage, match=r"holds no plugin.yaml"):
        archive.opened(tarred(entry("main.py"), sound=False))


@pytest.mark.parametrize(
    ("runtime", "why"),
    [
        ({"executable": "../run"}, "runtime.executable: ../run lies outside"),
        ({"executable": "bin/../../run"}, "lies outside of the package"),
        ({"executable": "bin/run"}, "runtime.executable: bin/run is not in the package"),
        ({"language": "python", "entrypoint": "/etc/evil.py"}, "runtime.entrypoint: .* outside"),
        ({"language": "python", "entrypoint": "other.py"}, "other.py is not in the package"),
    ],
)
def test_a_manifest_runs_only_what_is_in_its_package(runtime, why):
    with pytest.raises(InvalidManifest, match=why):
        archive.opened(tarred(told=manifest(runtime=runtime)))


def test_requirements_lie_in_the_package():
    with pytest.raises(InvalidManifest, match=r"requirements: ../r.txt lies outside"):
        archive.opened(tarred(told=manifest(requirements="../r.txt")))


def test_a_package_made_by_tar_is_taken():
    found = archive.opened(tarred(entry("./lib/a.py"), entry("./", b"", type=tarfile.DIRTYPE)))
    assert [each.name for each in found.entries] == ["lib/a.py", "main.py", "plugin.yaml"]


def test_the_readme_is_read(tmp_path):
    package = built(tmp_path, README__md="# Packed\nIt packs.")
    assert archive.opened(package.content).readme == "# Packed\nIt packs."


@pytest.fixture
def release(tmp_path):
    package = built(tmp_path, lib__py="A = 1\n")
    into = tmp_path / "releases" / "one"
    archive.unpack(package.content, into)
    return into, package.contents


@pytest.mark.parametrize("kept", [False, True])
def test_a_file_changed_after_it_was_installed_is_named(release, kept):
    path, digest = release
    cache = {} if kept else None
    contents.check(path, digest, cache)
    (path / "lib.py").chmod(0o644)
    (path / "lib.py").write_text("A = 2\n")
    (path / "lib.py").chmod(0o444)
    with pytest.raises(
        ChangedFiles, match=r"^In its folder lib.py was changed after it was installed"
    ):
        contents.check(path, digest, cache)


def test_a_file_put_in_or_taken_away_is_named(release):
    path, digest = release
    (path / "sitecustomize.py").write_text("")
    with pytest.raises(ChangedFiles, match=r"folder sitecustomize.py was"):
        contents.check(path, digest)
    (path / "sitecustomize.py").unlink()
    (path / "lib.py").unlink()
    with pytest.raises(ChangedFiles, match=r"folder lib.py was"):
        contents.check(path, digest)


def test_a_name_that_is_no_text_is_told_too(release):
    path, digest = release
    os.close(os.open(os.fsencode(path) + b"/\xff", os.O_CREAT))
    with pytest.raises(ChangedFiles):
        contents.check(path, digest)


def test_compiled_python_cannot_be_slipped_in(release):
    """Python would run it in place of the source that was checked."""
    path, digest = release
    (path / "__pycache__").mkdir()
    (path / "__pycache__" / "lib.cpython-311.pyc").write_bytes(b"evil")
    with pytest.raises(ChangedFiles, match="__pycache__"):
        contents.check(path, digest)


def test_the_index_is_no_way_around(release):
    """Who can change a file can change the list of files beside it; the digest is in the database."""
    path, digest = release
    (path / "lib.py").chmod(0o644)
    (path / "lib.py").write_text("A = 2\n")
    contents.index_path(path).write_bytes(b"forged")
    with pytest.raises(ChangedFiles):
        contents.check(path, digest)


def test_an_old_time_does_not_hide_a_change(release):
    path, digest = release
    before = (path / "lib.py").stat()
    old = before.st_ctime - 100
    cache = {}
    contents.check(path, digest, cache)
    # As if it had been read long ago, so that the cache holds it.
    for name in ("lib.py", "main.py"):
        found = (path / name).stat()
        seen = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
        cache[str(path / name)] = (seen, "0" * 64)
    with pytest.raises(ChangedFiles):  # the cache is believed while nothing of a file changed
        contents.check(path, digest, cache)
    (path / "lib.py").chmod(0o644)
    (path / "lib.py").write_text("A = 2\n")  # as long as it was
    os.utime(path / "lib.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ChangedFiles, match=r"folder lib.py"):
        contents.check(path, digest, cache)
    assert old < before.st_ctime


def test_what_just_changed_is_read_again(release):
    """Two changes within one tick of the clock look alike: fresh files are not remembered."""
    path, digest = release
    cache = {}
    contents.check(path, digest, cache)
    assert cache == {}


def test_a_release_that_is_gone_is_told(release):
    path, digest = release
    shutil.rmtree(path)
    with pytest.raises(ChangedFiles):
        contents.check(path, digest)


def test_a_folder_where_it_lies_may_hold_what_running_made(tmp_path):
    made = folder(tmp_path)
    digest = contents.digest_of(made)
    (made / "__pycache__").mkdir()
    (made / "__pycache__" / "x.pyc").write_bytes(b"x")
    contents.check(made, digest)
    (made / "main.py").chmod(0o755)
    with pytest.raises(ChangedFiles, match="Something in its folder"):
        contents.check(made, digest)


def test_the_manifest_file_keeps_its_name():
    assert manifests.FILE_NAME == "plugin.yaml"

"""The instruments work from a wheel, an sdist, an editable install and a bare checkout, each by itself."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = {path.name: path.read_bytes() for path in (ROOT / "instruments").glob("*.toml")}

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(
        importlib.util.find_spec("hatchling") is None, reason="hatchling, the build tool, is not installed"
    ),
]

LOAD = """
import sys
from pathlib import Path
import satsurvey.instrument.library as library
instrument = library.load_instrument("contact-centre-22")
assert len(instrument.items) == 22
for name in library.instrument_names():
    library.load_instrument(name)
print(Path(library.__file__).resolve())
print(library.instrument_folder())
print(*library.instrument_names())
"""


def attempt(*arguments, cwd, path=None):
    """Run this Python with nothing but `path` added to what it can import."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def python(*arguments, cwd, path=None):
    """Run this Python as `attempt` does; return the lines it prints."""
    done = attempt(*arguments, cwd=cwd, path=path)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def build(kind, source, target):
    target.mkdir()
    python("-m", "hatchling", "build", "-t", kind, "-d", target, cwd=source)
    (made,) = target.iterdir()
    return made


def unpack(wheel, target):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Copy what the builds read, so that the real checkout stays as it was."""
    copy = tmp_path_factory.mktemp("copy") / "checkout"
    left_out = shutil.ignore_patterns(
        ".git", ".*_cache", "__pycache__", ".hypothesis", ".venv", "venv", "dist"
    )
    shutil.copytree(ROOT, copy, ignore=left_out)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory):
    return build("wheel", checkout, tmp_path_factory.mktemp("wheel") / "dist")


@pytest.fixture(scope="module")
def sdist(checkout, tmp_path_factory):
    return build("sdist", checkout, tmp_path_factory.mktemp("sdist") / "dist")


def loads_from(folder, instruments, *, cwd):
    """Load every instrument with only `folder` importable, and check that it came from there."""
    module, found, names = python("-c", LOAD, cwd=cwd, path=folder)
    assert Path(module) == (folder / "satsurvey" / "instrument" / "library.py").resolve()
    assert Path(found) == instruments.resolve()
    assert names.split() == sorted(name.removesuffix(".toml") for name in SHIPPED)


def test_the_wheel_carries_the_instruments_inside_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        carried = {
            name.removeprefix("satsurvey/_instruments/"): archive.read(name)
            for name in archive.namelist()
            if name.startswith("satsurvey/_instruments/")
        }
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert carried == SHIPPED
    assert {top for top in tops if not top.endswith(".dist-info")} == {"satsurvey"}


def test_instruments_load_from_the_wheel_outside_the_checkout(wheel, tmp_path):
    folder = unpack(wheel, tmp_path / "site")
    loads_from(folder, folder / "satsurvey" / "_instruments", cwd=tmp_path)


def test_the_command_lists_instruments_from_the_wheel(wheel, tmp_path):
    folder = unpack(wheel, tmp_path / "site")
    command = "from satsurvey.cli.instruments import app; app()"
    lines = python("-c", command, "list", "--lang", "en", cwd=tmp_path, path=folder)
    assert all(any(line.startswith(name.removesuffix(".toml")) for line in lines) for name in SHIPPED)


def test_a_wheel_built_from_the_sdist_holds_the_same_files_as_one_from_the_checkout(wheel, sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    again = build("wheel", source, tmp_path / "dist")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
    folder = unpack(again, tmp_path / "site")
    loads_from(folder, folder / "satsurvey" / "_instruments", cwd=tmp_path)


def test_the_sdist_runs_as_it_is_unpacked(sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert {path.name: path.read_bytes() for path in (source / "instruments").iterdir()} == SHIPPED
    loads_from(source, source / "instruments", cwd=tmp_path)


def test_instruments_load_from_an_editable_install(checkout, tmp_path):
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is not installed in this environment")
    site = tmp_path / "site"
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-index")
    alone = ("--no-deps", "--no-build-isolation")
    done = attempt("-m", "pip", "install", *quiet, *alone, "--target", site, "-e", checkout, cwd=tmp_path)
    if "No module named 'editables'" in done.stderr:
        pytest.skip("editables, which hatchling needs for this editable install, is not installed")
    assert done.returncode == 0, done.stderr
    # A folder on PYTHONPATH is no site folder: its .pth files must be asked for, and go before those of this
    # environment, in which the package may be installed likewise.
    first = (
        f"import site, sys; old = list(sys.path); site.addsitedir({str(site)!r}); "
        "sys.path[:] = [path for path in sys.path if path not in old] + old"
    )
    module, found, _ = python("-c", first + LOAD, cwd=tmp_path)
    assert Path(module) == (checkout / "satsurvey" / "instrument" / "library.py").resolve()
    assert Path(found) == (checkout / "instruments").resolve()


def test_instruments_load_from_a_bare_checkout(tmp_path):
    loads_from(ROOT, ROOT / "instruments", cwd=tmp_path)


def test_a_package_without_its_instruments_says_so(wheel, tmp_path):
    folder = unpack(wheel, tmp_path / "site")
    shutil.rmtree(folder / "satsurvey" / "_instruments")
    code = """
from satsurvey.errors import InstrumentError
from satsurvey.instrument.library import instrument_names
try:
    instrument_names()
except InstrumentError as exc:
    print(exc.what)
"""
    assert python("-c", code, cwd=tmp_path, path=folder) == [
        "the shipped instruments are missing from this installation"
    ]

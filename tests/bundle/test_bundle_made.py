"""What goes into a bundle: the project's own wheel, what the lock file names, and a manifest that holds both."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tests.bundle.making import ROOT, Stop, builder, bundles

BESIDES = shutil.ignore_patterns("__pycache__", "*.mo")
SAYS = """
import sys
sys.path.insert(0, sys.argv[1])
from creditbank.gateways import wording
print(wording.LOCALE)
print(wording.translate("Account and password do not fit together. Check both and try again.", "zh-hans"))
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The tree a wheel is made from, without anything that was compiled."""
    tree = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "creditbank", tree / "creditbank", ignore=BESIDES)
    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, tree)
    return tree


@pytest.fixture(scope="module")
def wheel(source):
    """The project's own wheel."""
    return builder.own_wheel(source, source.parent / "own")


def test_the_wheel_holds_every_file_of_the_package_and_each_translation_compiled(source, wheel):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    there = {path.relative_to(source).as_posix() for path in (source / "creditbank").rglob("*") if path.is_file()}
    assert there - inside == set()
    rooms = [name for name in inside if name.endswith("django.po")]
    assert len(rooms) > 10
    assert {name.replace(".po", ".mo") for name in rooms} - inside == set()
    for kind in (".html", ".css", ".js", ".yaml"):
        assert [name for name in inside if name.endswith(kind)], kind


def test_a_program_installed_from_the_wheel_speaks_chinese(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    answer = subprocess.run(
        [sys.executable, "-I", "-c", SAYS, tmp_path], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    where, said = answer.stdout.splitlines()
    assert where == str(tmp_path / "creditbank" / "locale")
    assert said == "账号与密码不匹配，请核对后重试。"


def test_two_wheels_of_one_tree_are_equal(source, wheel):
    first = wheel.read_bytes()
    for path in (source / "creditbank").rglob("*"):
        path.touch()  # later in time, and nothing else
    assert builder.own_wheel(source, source.parent / "again").read_bytes() == first


def test_translations_lie_in_the_package_alone():
    assert not list((ROOT / "locale").rglob("*.po"))


@pytest.mark.parametrize("python", builder.PYTHONS)
def test_a_bundle_brings_what_the_lock_file_names_each_with_its_hash(python):
    text = builder.requirements(ROOT, python)
    blocks = re.findall(r"^(\S+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    named = [name for name, _version, _hashes in blocks]
    assert len(named) == len(set(named)) == len(re.findall(r"^\S", text, re.MULTILINE))
    assert named[0] == "pip"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.match(r"[a-z0-9_.-]+", item)[0] for item in project["dependencies"]} - set(named) == set()
    assert not {"pytest", "ruff", "mypy"} & set(named)


def test_what_depends_on_the_version_of_python_is_chosen_for_it():
    numpy = [
        re.search(r"^numpy==(\S+)", builder.requirements(ROOT, python), re.MULTILINE)[1] for python in ("3.11", "3.12")
    ]
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {package["version"] for package in lock["package"] if package["name"] == "numpy"}
    assert set(numpy) == locked


@pytest.fixture
def small(tmp_path):
    """A sealed bundle of a few files."""
    folder = tmp_path / "creditbank-1.0-linux"
    (folder / "wheels").mkdir(parents=True)
    (folder / "wheels" / "some.whl").write_bytes(b"wheel")
    (folder / "install.sh").write_text("#!/bin/sh\n")
    about = '{"version": "1.0", "committed": 7, "pythons": ["3.11"], "machine": "x86_64", "glibc": [2, 28]}'
    (folder / "bundle.json").write_text(about)
    builder.seal(folder)
    return folder


def test_a_whole_bundle_is_known_by_its_content(small):
    found = bundles.verify(small)
    assert (found.version, found.committed) == ("1.0", 7)
    assert found.name == f"1.0-{builder.seal(small)[:8]}"
    (small / "wheels" / "some.whl").write_bytes(b"other")
    assert found.name != f"1.0-{builder.seal(small)[:8]}"


@pytest.mark.parametrize("harm", ["changed", "missing", "added", "link", "no manifest"])
def test_a_bundle_that_is_not_as_it_was_made_is_refused(small, harm):
    wheel = small / "wheels" / "some.whl"
    if harm == "changed":
        wheel.write_bytes(b"whee1")
    elif harm == "missing":
        wheel.unlink()
    elif harm == "added":
        (small / "wheels" / "more.whl").write_bytes(b"")
    elif harm == "link":
        (small / "wheels" / "more").symlink_to("/")
    else:
        (small / bundles.MANIFEST).unlink()
    with pytest.raises(Stop, match="Nothing was changed"):
        bundles.verify(small)


def test_the_manifest_can_be_checked_without_the_installer(small):
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    command = ["sha256sum", "--check", "--strict", bundles.MANIFEST]
    assert subprocess.run(command, cwd=small, capture_output=True, check=False).returncode == 0


def test_two_archives_of_one_content_are_equal(small, tmp_path):
    first = builder.pack(small, tmp_path / "1.tar.gz", 1_700_000_000).read_bytes()
    for path in small.rglob("*"):
        path.chmod(0o700)
        path.touch()
    assert builder.pack(small, tmp_path / "2.tar.gz", 1_700_000_000).read_bytes() == first


def test_another_python_or_machine_is_refused(small):
    import dataclasses

    found = bundles.verify(small)
    fitting = dataclasses.replace(found, pythons=(bundles.running_python(),), machine=bundles.platform.machine())
    bundles.check_machine(fitting)
    for wrong in ({"pythons": ("2.7",)}, {"machine": "vax"}, {"glibc": (99, 0)}):
        with pytest.raises(Stop, match="Nothing was changed"):
            bundles.check_machine(dataclasses.replace(fitting, **wrong))

"""Build the bundle: one archive that installs and upgrades a bank with the network off."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import Marker

from creditbank.web.design.assets import compile_messages

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The versions of CPython whose wheels come along."""

MACHINE = "x86_64"
GLIBC = (2, 28)
"""The oldest C library the wheels ask for: Debian 10, RHEL 8 and newer."""

_PLATFORMS = ["2_28", "2_27", "2_24", "2_17", "2_12", "2_5", "2014", "2010", "1"]
_ALONG = {
    "deploy/install.sh": "install.sh",
    "deploy/creditbank.service": "deploy/creditbank.service",
    "deploy/creditbank.env": "deploy/creditbank.env",
    "deploy/nginx.conf": "deploy/nginx.conf",
    "docs/how-to/operate.md": "docs/operate.md",
    "docs/how-to/operate.zh.md": "docs/operate.zh.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "LICENSE": "LICENSE",
}


def main() -> int:
    """Build from the last commit, so that two builds of one commit are equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pythons", default=",".join(PYTHONS), help="versions of Python to serve, with commas")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the archive is written")
    arguments = parser.parse_args()
    pythons = arguments.pythons.split(",")
    archive = build(ROOT / "build" / "bundle", arguments.out, pythons)
    print(f"{archive} ({archive.stat().st_size / 1e6:.0f} MB)")
    print(f"SHA-256 of the archive  {_sha256(archive)}")
    return 0


def build(work: Path, out: Path, pythons: list[str]) -> Path:
    """Lay the bundle out in ``work``, pack it into ``out``, and return the archive.

    Raises:
        SystemExit: this is no clone, or a tool failed; it has said why.
    """
    commit, moment = _git("log", "-1", "--format=%H %ct").split()
    if _git("status", "--porcelain"):
        print("There are changes that are not committed; the bundle holds the last commit, without them.")
    source = work / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    subprocess.run(["tar", "-xf", "-", "-C", source], input=_git_bytes("archive", "--format=tar", commit), check=True)
    version = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    name = f"creditbank-{version}-linux-{MACHINE}"
    bundle = work / name
    shutil.rmtree(bundle, ignore_errors=True)
    (bundle / "wheels").mkdir(parents=True)
    print("The project's own wheel, with its translations", flush=True)
    shutil.copy2(own_wheel(source, work / "own"), bundle / "wheels")
    for python in pythons:
        print(f"The wheels of the lock file for Python {python}", flush=True)
        wanted = requirements(source, python)
        listed = bundle / "requirements" / f"{python}.txt"
        listed.parent.mkdir(exist_ok=True)
        listed.write_text(wanted, encoding="utf-8")
        for wheel in _download(listed, python, work / "wheels" / python):
            shutil.copy2(wheel, bundle / "wheels")
    for there, here in _ALONG.items():
        (bundle / here).parent.mkdir(exist_ok=True)
        shutil.copy2(source / there, bundle / here)
    shutil.copytree(source / "deploy" / "installer", bundle / "installer")
    about = {
        "schema": "creditbank.bundle/1",
        "version": version,
        "commit": commit,
        "committed": int(moment),
        "machine": MACHINE,
        "glibc": list(GLIBC),
        "pythons": pythons,
    }
    (bundle / "bundle.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    print(f"SHA-256 of the manifest {seal(bundle)}")
    return pack(bundle, out / f"{name}.tar.gz", int(moment))


def own_wheel(source: Path, out: Path) -> Path:
    """The project's wheel from a clean tree; its bytes depend on the tree alone."""
    compile_messages(source / "creditbank" / "locale")
    shutil.rmtree(out, ignore_errors=True)
    _run([_uv(), "build", "--quiet", "--wheel", "--no-build-logs", "--out-dir", str(out), str(source)])
    return next(out.glob("creditbank-*.whl"))


def requirements(source: Path, python: str) -> str:
    """What the lock file names for one version of Python, each with its hashes; pip itself first."""
    runtime = _run([_uv(), *_EXPORT, "--no-dev"], cwd=source)
    tools = _run([_uv(), *_EXPORT, "--only-group", "dev"], cwd=source)
    blocks = [block for block in _blocks(tools) if block.startswith("pip==")] + list(_blocks(runtime))
    environment = {"python_version": python, "python_full_version": f"{python}.0", **_LINUX}
    kept = []
    for block in blocks:
        named, _, rest = block.partition(" \\\n")
        what, _, marker = named.partition(" ; ")
        if not marker or Marker(marker).evaluate(environment):
            kept.append(f"{what} \\\n{rest}\n")
    return "".join(kept)


def seal(bundle: Path) -> str:
    """Write the manifest, in the form of ``sha256sum``, and return its own hash: that of the whole content."""
    files = sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())
    lines = [f"{_sha256(bundle / name)}  {name}\n" for name in files if name != "MANIFEST.sha256"]
    (bundle / "MANIFEST.sha256").write_text("".join(lines), encoding="utf-8")
    return _sha256(bundle / "MANIFEST.sha256")


def pack(bundle: Path, archive: Path, moment: int) -> Path:
    """The archive, equal for equal contents: sorted names, one moment, nobody's files."""
    archive.parent.mkdir(parents=True, exist_ok=True)

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = moment
        entry.mode = 0o755 if entry.isdir() or entry.name.endswith(".sh") else 0o644
        return entry

    # Wheels are compressed already: the least effort loses nothing.
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", 1, raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for path in [bundle, *sorted(bundle.rglob("*"))]:
            tar.add(path, f"{bundle.name}/{path.relative_to(bundle)}".rstrip("/."), recursive=False, filter=plain)
    return archive


_EXPORT = ["export", "--quiet", "--frozen", "--no-emit-project", "--no-annotate", "--no-header"]
_LINUX = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": MACHINE,
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "sys_platform": "linux",
}


def _blocks(text: str) -> Iterator[str]:
    """One requirement each, with its hashes on lines of their own."""
    yield from re.findall(r"^\S.*(?:\n[ ]+.*)*", text, re.MULTILINE)


def _download(listed: Path, python: str, store: Path) -> list[Path]:
    """Bring the wheels, or find them from the last time; pip checks every hash either way."""
    fresh = store.with_name(f".{store.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    command += [f"--platform=manylinux{'_' if '_' in tag else ''}{tag}_{MACHINE}" for tag in _PLATFORMS]
    command += [f"--find-links={store}"] if store.is_dir() else []
    _run([*command, "--dest", str(fresh), "--requirement", str(listed)])
    shutil.rmtree(store, ignore_errors=True)
    fresh.rename(store)
    return sorted(store.glob("*.whl"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else "uv"


def _git(*words: str) -> str:
    return _git_bytes(*words).decode().strip()


def _git_bytes(*words: str) -> bytes:
    answer = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
    if answer.returncode:
        sys.exit(f"A bundle is built from a clone with git: {answer.stderr.decode().strip()}")
    return answer.stdout


def _run(command: list[str], cwd: Path = ROOT) -> str:
    answer = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{answer.stderr or answer.stdout}")
    return answer.stdout


if __name__ == "__main__":
    sys.exit(main())

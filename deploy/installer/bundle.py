"""The unpacked bundle: what it holds, and whether every file of it is as it was made."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from installer.words import Stop

MANIFEST = "MANIFEST.sha256"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle; ``name`` tells two contents of one version apart, ``committed`` which is newer."""

    folder: Path
    name: str
    version: str
    committed: int
    pythons: tuple[str, ...]
    machine: str
    glibc: tuple[int, int]

    @property
    def requirements(self) -> Path:
        """What is installed for the Python that runs."""
        return self.folder / "requirements" / f"{running_python()}.txt"


def running_python() -> str:
    """The version of the Python that runs, such as ``3.12``."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def verify(folder: Path) -> Bundle:
    """Compare every file with the manifest before anything of it is used.

    Raises:
        Stop: a file is missing, changed or additional; nothing was installed.
    """
    manifest = folder / MANIFEST
    try:
        text = manifest.read_bytes()
    except OSError as error:
        raise Stop(
            zh=f"无法读取 {manifest}。没有任何改动。请在解压后的安装包文件夹中运行 install.sh。",
            en=f"{manifest} cannot be read. Nothing was changed. Run install.sh in the unpacked bundle.",
        ) from error
    listed = {line[66:]: line[:64] for line in text.decode().splitlines()}
    present = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and "__pycache__" not in path.parts and path != manifest
    }
    wrong = [name for name in sorted(listed.keys() & present) if _sha256(folder / name) != listed[name]]
    wrong += sorted(listed.keys() ^ present)
    if wrong:
        shown = ", ".join(wrong[:3])
        raise Stop(
            zh=f"安装包不完整或被改动过，{len(wrong)} 个文件与清单不符：{shown}。没有任何改动。"
            "请重新取得安装包并核对其 SHA-256。",
            en=f"The bundle is damaged or was changed: {len(wrong)} files are not as the manifest says ({shown}). "
            "Nothing was changed. Fetch the bundle again and compare its SHA-256.",
        )
    about = json.loads((folder / "bundle.json").read_bytes())
    return Bundle(
        folder=folder,
        name=f"{about['version']}-{hashlib.sha256(text).hexdigest()[:8]}",
        version=about["version"],
        committed=about["committed"],
        pythons=tuple(about["pythons"]),
        machine=about["machine"],
        glibc=(about["glibc"][0], about["glibc"][1]),
    )


def check_machine(bundle: Bundle) -> None:
    """Refuse a machine that this bundle's wheels do not run on.

    Raises:
        Stop: another processor, another Python or an older C library.
    """
    machine, python = platform.machine(), running_python()
    if machine != bundle.machine or python not in bundle.pythons:
        known = ", ".join(bundle.pythons)
        raise Stop(
            zh=f"此安装包用于 {bundle.machine} 和 Python {known}；本机为 {machine} 和 Python {python}。"
            "没有任何改动。请用 --python 指定合适的 Python，或取得相应的安装包。",
            en=f"This bundle is for {bundle.machine} and Python {known}; here are {machine} and Python {python}. "
            "Nothing was changed. Name a fitting Python with --python, or fetch the bundle for this machine.",
        )
    library, said = platform.libc_ver()
    if library == "glibc" and tuple(int(part) for part in said.split(".")[:2]) < bundle.glibc:
        raise Stop(
            zh=f"需要 glibc {bundle.glibc[0]}.{bundle.glibc[1]} 或更高版本，本机为 {said}。没有任何改动。"
            "请使用更新的系统。",
            en=f"glibc {bundle.glibc[0]}.{bundle.glibc[1]} or newer is needed; here is {said}. "
            "Nothing was changed. Use a newer system.",
        )


def closed_folder() -> Path | None:
    """A folder above this Python that only its owner may enter: then a service of another user cannot run it."""
    above = Path(sys.executable).resolve().parents
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

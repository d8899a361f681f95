"""Two released versions of some packages, as files by path; downloaded once into the user's cache folder."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Package:
    """A package and the two versions whose difference is taken; `source` asks for the sdist, else a wheel."""

    name: str
    old: str
    new: str
    source: bool = False


#: Python, Cython, C and C++ headers, templates, styles, scripts, TOML, YAML, JSON, Markdown and reStructuredText.
PACKAGES = (
    Package("ansible-core", "2.16.1", "2.16.6"),
    Package("attrs", "23.1.0", "23.2.0", source=True),
    Package("click", "8.1.3", "8.1.7", source=True),
    Package("cython", "3.0.8", "3.0.11"),
    Package("django", "5.0.1", "5.0.8"),
    Package("djangorestframework", "3.14.0", "3.15.1"),
    Package("docutils", "0.20.1", "0.21.2"),
    Package("flask", "3.0.0", "3.1.0", source=True),
    Package("httpx", "0.26.0", "0.27.2", source=True),
    Package("jinja2", "3.1.2", "3.1.4", source=True),
    Package("markupsafe", "2.1.3", "2.1.5", source=True),
    Package("mkdocs", "1.5.3", "1.6.0"),
    Package("pybind11", "2.11.1", "2.12.0"),
    Package("requests", "2.31.0", "2.32.3", source=True),
    Package("sphinx", "7.2.6", "7.3.7"),
)


def files(package: Package, version: str) -> dict[str, bytes]:
    """Return every file of one version by its path below the archive's own folder."""
    folder = platformdirs.user_cache_path("agentos-action") / "benchmarks" / f"{package.name}-{version}"
    if not list(folder.glob("*")):
        _download(package, version, folder)
    archive = min(folder.iterdir())
    return _unzipped(archive) if archive.suffix in {".whl", ".zip"} else _untarred(archive)


def _download(package: Package, version: str, folder: Path) -> None:
    kind = "--no-binary" if package.source else "--only-binary"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps"]
    subprocess.run([*pip, kind, package.name, "--dest", str(folder), f"{package.name}=={version}"], check=True)


def _unzipped(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if not name.endswith("/") and ".dist-info/" not in name]
        return {name: opened.read(name) for name in names}


def _untarred(archive: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.isreg() else None
            path = member.name.partition("/")[2]
            if content is not None and path and ".egg-info/" not in path:
                found[path] = content.read()
    return found

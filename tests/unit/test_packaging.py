"""What is installed is what stands in the folders, under the names by which it is imported."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINKS = ("spiders", "storage", "config")
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def folder_of(package: str) -> Path:
    parts = package.split(".")
    outside = len(parts) > 1 and parts[1] in LINKS
    return ROOT.joinpath(*(parts[1:] if outside else parts))


def test_the_package_list_names_every_folder_with_modules() -> None:
    found = {"archiver"}
    for top in ("archiver", *LINKS):
        for init in (ROOT / top).rglob("__init__.py"):
            relative = init.parent.relative_to(ROOT)
            if not any((ROOT / parent).is_symlink() for parent in (relative, *relative.parents)):
                name = ".".join(relative.parts)
                found.add(name if top == "archiver" else f"archiver.{name}")
    assert sorted(found) == sorted(SETUPTOOLS["packages"])


@pytest.mark.parametrize("link", LINKS)
def test_static_tools_see_the_same_tree(link: str) -> None:
    path = ROOT / "archiver" / link
    assert path.is_symlink()
    assert not path.readlink().is_absolute()
    assert path.resolve() == (ROOT / link).resolve()


def test_the_wheel_holds_every_module_and_file_and_no_generic_name(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(source)], check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"archiver"}
    for package in SETUPTOOLS["packages"]:
        committed = subprocess.run(
            ["git", "ls-files", "--", str(folder_of(package).relative_to(ROOT))],
            cwd=source, capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        for file in committed:
            path = Path(file)
            if path.parent == folder_of(package).relative_to(ROOT) and path.suffix == ".py":
                assert f"{package.replace('.', '/')}/{path.name}" in names
    assert any(name.endswith(".yaml") for name in names)
    assert any(name.startswith("archiver/demo/site/pictures/") for name in names)

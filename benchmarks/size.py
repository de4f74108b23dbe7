"""How large the base install is, per distribution, in bytes on disk as importlib.metadata lists them; compiled files count.

By default from this environment; --fresh installs into a new virtual environment first (a minute, and needs a package index).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "claudemem"
PROJECT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", action="store_true", help="measure a new virtual environment")
    if parser.parse_args().fresh:
        fresh()
        return
    names = needed(DISTRIBUTION)
    sizes = {name: size_of(name) for name in names}
    for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]):
        print(f"{name + ' ' + metadata.version(name):34}{size / 1e6:8.2f} MB")
    print(f"{'base install':34}{sum(sizes.values()) / 1e6:8.2f} MB")


def needed(name: str) -> list[str]:
    """The distribution and everything it needs without extras."""
    found = [name]
    for one in found:
        for text in metadata.requires(one) or ():
            requirement = re.match(r"[\w.-]+", text)
            wanted = requirement.group().lower().replace("_", "-") if requirement else ""
            if wanted and wanted not in found and ";" not in text:
                found.append(wanted)
    return found


def size_of(name: str) -> int:
    """Bytes of a distribution's files; of ours, installed in place, those of its packages."""
    listed = [Path(str(file.locate())) for file in metadata.files(name) or ()]
    if name == DISTRIBUTION and not any("claudemem_lib" in str(path) for path in listed):
        folders = [PROJECT / "claudemem_lib", *PROJECT.glob("*/claudemem_*")]
        listed = [path for folder in folders for path in folder.rglob("*") if "benchmarks" not in path.parts]
    return sum(path.stat().st_size for path in listed if path.is_file())


def fresh() -> None:
    """The same in an environment that holds nothing but the base install."""
    with tempfile.TemporaryDirectory(prefix="claude-mem-bench-") as folder:
        python = Path(folder) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(PROJECT)]
        subprocess.run(install, check=True)
        subprocess.run([str(python), __file__], check=True)


if __name__ == "__main__":
    main()

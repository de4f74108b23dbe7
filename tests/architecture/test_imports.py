"""Who may import whom, and what importing really loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _python(code: str) -> subprocess.CompletedProcess[str]:
    setting_up = f"import sys; sys.path[:0] = {[str(ROOT), str(ROOT / 'hooks')]!r}; "
    return subprocess.run(
        [sys.executable, "-I", "-c", setting_up + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_every_import_contract_is_kept() -> None:
    ran = _python("from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 broken" in ran.stdout


def test_importing_the_library_loads_nothing_else() -> None:
    ran = _python("before = set(sys.modules); import claudemem_lib; print(*sorted(set(sys.modules) - before))")
    assert set(ran.stdout.split()) - {"__future__"} == {"claudemem_lib"}, ran.stderr


def test_every_public_name_of_the_library_loads() -> None:
    ran = _python("import claudemem_lib as lib; print([name for name in lib.__all__ if not hasattr(lib, name)])")
    assert ran.stdout == "[]\n", ran.stderr


def test_a_memory_that_is_only_read_imports_nothing_that_observes() -> None:
    ran = _python(
        "import tempfile; from claudemem_lib.memory import Memory; "
        "folder = tempfile.TemporaryDirectory(); memory = Memory(folder.name); memory.search('login'); memory.projects(); "
        "observing = ('assembly', 'asking', 'observer', 'prompts', 'replies', 'providers'); "
        "print([name for name in observing if 'claudemem_lib.' + name in sys.modules]); memory.close()"
    )
    assert ran.stdout == "[]\n", ran.stderr

"""The main job, with the real client: what one session does, the next one starts knowing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import claudemem_lib

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib import Memory
    from tests.host.conftest import Client, Script

pytestmark = pytest.mark.host

BROKEN = "def total(prices):\n    return sum(price for price in prices if price)[0]\n"
FIXED = "def total(prices):\n    return sum(prices)\n"
CHECK = "python3 -c 'from basket import total; assert total([1, 2]) == 3'"


@pytest.fixture
def client(client: Client, environment: Callable[[str, str], None]) -> Client:
    """A client whose memory works without a model."""
    client.settings["CLAUDE_MEM_PROVIDER"] = "local"
    environment("CLAUDE_MEM_PROVIDER", "local")
    return client


def work(client: Client, script: Script) -> str:
    """Session A: a module, a check that fails, the fix, and what was decided."""
    return client.session(
        "Write basket.py with a total of prices, and check it",
        replies=[
            script.use("Write", "I will write it.", file_path="basket.py", content=BROKEN),
            script.use("Bash", command=CHECK, description="Check it"),
            script.use("Edit", "A sum has no items.", file_path="basket.py", old_string=BROKEN, new_string=FIXED),
            script.use("Bash", command=CHECK, description="Check it again"),
            script.say(
                "`basket.py` sums the prices and the check passes.\n\n"
                "I decided to keep prices as integers of cents.\n\nNext steps:\n- a discount for large baskets"
            ),
        ],
    )


def test_the_next_session_starts_knowing_what_this_one_did(client: Client, script: Script) -> None:
    work(client, script)
    client.session("What is open here?", replies=[script.say("The discount.")])
    first = client.sent()[0]
    assert "<claude-mem-context>" in first
    assert "basket.py" in first
    assert "discount for large baskets" in first
    assert "Write basket.py with a total of prices" in first
    for result in client.hook_results():
        assert (result["exit_code"], result["stderr"], result["outcome"]) == (0, "", "success")


def test_a_session_without_a_past_is_told_nothing(client: Client, script: Script) -> None:
    work(client, script)
    assert "<claude-mem-context>" not in "".join(client.sent())


def test_what_lies_in_the_same_place_is_the_same_project(client: Client, script: Script) -> None:
    work(client, script)
    client.project.rename(client.project.with_name("elsewhere"))
    client.project.mkdir()
    (client.project / "README.md").write_text("another project in the same place is still this project\n")
    client.session("What is open here?", replies=[script.say("The discount.")])
    assert "basket.py" in client.sent()[0]


def test_a_resumed_session_is_not_told_its_own_past_again(client: Client, script: Script) -> None:
    work(client, script)
    second = client.session("What is open here?", replies=[script.say("The discount.")])
    client.session("Go on", replies=[script.say("Going on.")], args=("--resume", second))
    assert "".join(client.sent()).count("<claude-mem-context>") == 1


def rows(memory: Memory) -> dict[str, Any]:
    """How much there is of everything."""
    stats = memory.stats()
    queue = {name: stats["queue"][name] for name in ("pending", "claimed", "parked", "finished")}
    return {"memories": stats["counts"], "queue": queue}


def test_backfilling_what_was_captured_live_adds_nothing(client: Client, script: Script) -> None:
    work(client, script)
    with claudemem_lib.open(client.data) as memory:
        memory.take_in()
        memory.observe_pending()
        before = rows(memory)
        read = list(memory.backfill(client.out / "home" / ".claude" / "projects"))
        assert [one.new for one in read if one.events]
        assert sum(one.new for one in read) == 0
        memory.observe_pending()
        assert rows(memory) == before

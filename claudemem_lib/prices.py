"""What tokens cost: a table shipped with the package, and the user's own `prices.json` in the data folder before it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from claudemem_lib.models import Usage

FILE = "prices.json"
_HERE = Path(__file__).parent


@frozen(kw_only=True)
class Price:
    """US dollars per million tokens, which is millionths of a dollar per token, for models like the pattern *model*."""

    model: str
    input: float
    output: float
    cache_read: float
    cache_write: float

    def cost_micros(self, used: Usage) -> int:
        """What *used* costs in millionths of a dollar."""
        parts = (
            (used.input_tokens, self.input),
            (used.output_tokens, self.output),
            (used.cache_read_tokens, self.cache_read),
            (used.cache_write_tokens, self.cache_write),
        )
        return round(sum(tokens * price for tokens, price in parts))


def load(data_dir: str) -> tuple[tuple[Price, ...], str]:
    """The prices, the user's first, and what is wrong with the user's file ("" for nothing)."""
    shipped = _prices(json.loads((_HERE / FILE).read_text("utf-8")))
    path = Path(data_dir) / FILE
    try:
        return _prices(json.loads(path.read_text("utf-8-sig"))) + shipped, ""
    except FileNotFoundError:
        return shipped, ""
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        return (
            shipped,
            f"{path} is no price table ({type(error).__name__}: {error}); the prices of this release are used",
        )


def of(prices: tuple[Price, ...], model: str) -> Price | None:
    """The price of *model*, or None if it is not known."""
    return next((price for price in prices if fnmatchcase(model.lower(), price.model)), None)


def _prices(found: Any) -> tuple[Price, ...]:
    return tuple(_price(row) for row in found["prices"])


def _price(row: dict[str, Any]) -> Price:
    """One row; without prices of their own, cached tokens cost as much as others."""
    given = float(row["input"])
    return Price(
        model=str(row["model"]).lower(),
        input=given,
        output=float(row["output"]),
        cache_read=float(row.get("cache_read", given)),
        cache_write=float(row.get("cache_write", given)),
    )

"""What a trace costs: by the prices that are given, the same everywhere, and never a guess."""

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from weaklink import open_store
from weaklink.cli.main import app as cli
from weaklink.examine import examine
from weaklink.model import Usage
from weaklink.prices import BadPrices, Cost, load_prices
from weaklink.report.figures import cost_text
from weaklink.testing import build
from weaklink.viewer.app import create_app

PRICES = """
["gpt-4o*"]
input = 2.5
output = 10
cached_input = 1.25

["gpt-4o-mini"]
input = 0.15
output = 0.6

[local]
input = 0
"""
TOKEN = "test-token-0123456789"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("models", "cost"),
    [
        ({"gpt-4o-2024-11-20": Usage(input_tokens=1_000_000, output_tokens=100_000)}, Cost(3.5)),
        ({"GPT-4o-mini": Usage(input_tokens=1_000_000, output_tokens=1_000_000)}, Cost(0.75)),
        ({"gpt-4o": Usage(input_tokens=1_000_000, output_tokens=0, cached_input_tokens=400_000)}, Cost(2.0)),
        ({"gpt-4o-mini": Usage(input_tokens=1_000_000, output_tokens=0, cached_input_tokens=400_000)}, Cost(0.15)),
        ({"local": Usage(input_tokens=5, output_tokens=5)}, Cost(0.0)),
        ({"gpt-4o": Usage(input_tokens=9, output_tokens=9), "o9": Usage(input_tokens=1, output_tokens=1)},
         Cost(None, "there is no price for o9")),
        ({"gpt-4o": Usage(input_tokens=9)}, Cost(None, "gpt-4o did not say how many tokens it used")),
        ({"": Usage(input_tokens=9, output_tokens=9)}, Cost(None, "there is no price for a model without a name")),
        ({}, Cost(None, "no call of a model is known")),
    ],
)  # fmt: skip
def test_tokens_cost_what_the_price_of_their_model_says(prices: Path, models: dict[str, Usage], cost: Cost):
    known = load_prices(str(prices))
    assert known is not None
    found = known.cost(models)
    assert (found.usd, found.reason) == (pytest.approx(cost.usd), cost.reason)


@pytest.mark.parametrize(
    "text", ["[gpt]\noutput = 1", "[gpt]\ninput = -1", "gpt = 3", "[gpt", "[gpt]\ninput = 1\nuotput = 2"]
)
def test_prices_that_cannot_be_used_are_an_error_that_says_why(tmp_path: Path, text: str):
    (tmp_path / "prices.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadPrices, match=re.escape(str(tmp_path))):
        load_prices(str(tmp_path / "prices.toml"))
    done = CliRunner().invoke(cli, ["list", "--prices", str(tmp_path / "none.toml")])
    assert done.exit_code == 2
    assert load_prices("") is None


@pytest.mark.parametrize(
    ("usd", "text"),
    [(None, ""), (0.0, "$0"), (0.00034219, "$0.00034"), (0.042, "$0.042"), (1.2, "$1.20"), (0.999, "$1.00"), (1340.4, "$1,340"),
     (0.0996, "$0.100")],
)  # fmt: skip
def test_a_cost_is_shown_in_few_digits(usd: float | None, text: str):
    assert cost_text(usd) == text


def test_each_call_is_counted_once_and_one_from_the_cache_is_free():
    outer = {"model": {"name": "gpt-4o", "usage": Usage(input_tokens=10, output_tokens=1)}}
    free = {"model": {"name": "gpt-4o", "usage": Usage(input_tokens=99, output_tokens=99), "cached": True}}
    trace = build(
        "chain > (wrapper:llm > inner:llm), again:llm, other:llm", wrapper=outer, inner=outer, again=free, other={}
    )
    assert trace.usage_by_model == {"gpt-4o": Usage(input_tokens=10, output_tokens=1), "": Usage()}


def test_list_page_dashboard_and_command_line_say_the_same(store_path: Path, prices: Path):
    called = {"model": {"name": "gpt-4o", "usage": Usage(input_tokens=400, output_tokens=100)}}
    dear = build("chain > first:llm, second:llm", "What?", "That.", first=called, second=called, trace_id=1)
    strange = build(
        "chain > llm", "Why?", "So.", llm={"model": {"name": "o9", "usage": called["model"]["usage"]}}, trace_id=2
    )
    store = open_store(store_path)
    for trace in (dear, strange):
        store.write([trace])
        examine(trace, store)
    server = create_app(store_path, token=TOKEN, examine=False, prices=load_prices(str(prices)))
    with TestClient(server, base_url="http://127.0.0.1:8765", headers={"authorization": f"Bearer {TOKEN}"}) as client:  # type: ignore[arg-type]
        listed = client.get("/").text
        assert '<td class="n cost">$0.0040</td>' in listed
        assert '<td class="n cost" title="there is no price for o9">–</td>' in listed
        assert "$0.0040" in client.get(f"/traces/{dear.id}").text
        assert "no cost: there is no price for o9" in client.get(f"/traces/{strange.id}").text
        assert "there is no price for o9" in client.get("/dashboard?span=all").text
        assert "<strong>$0.0040</strong>" in client.get("/dashboard?span=all&q=What").text
    with TestClient(create_app(store_path, token=TOKEN, examine=False), base_url="http://127.0.0.1:8765",
                    headers={"authorization": f"Bearer {TOKEN}"}) as client:  # type: ignore[arg-type]  # fmt: skip
        assert "Cost" not in client.get("/").text
        assert "cost" not in client.get(f"/traces/{dear.id}").text
    done = CliRunner().invoke(cli, ["list", "--json", "--store", str(store_path), "--prices", str(prices)])
    costs = {line["question"]: (line["cost_usd"], line["cost_reason"]) for line in json.loads(done.stdout)["traces"]}
    assert costs == {"What?": (pytest.approx(0.004), ""), "Why?": (None, "there is no price for o9")}

"""Language-model tokens: which meters are tokens of which model, what a thousand of them take, and PUE once."""

import csv
import math
from pathlib import Path
from typing import Any

import pytest
from rated import add_sku, rate, warehouse

PEER = Path(__file__).parents[1] / "data" / "peer_reference" / "spruce_aws_cur.csv"

# H100, median J of board energy per output token over the serving set-ups that ML.ENERGY measured (leaderboard data of
# 2026-02-27, own statistics; chat first, then reasoning), of models that bills name.
MEASURED_J = {
    "llama3-1-8b": (0.09511,),
    "llama3-1-70b": (0.5387,),
    "llama3-3-70b": (0.6036,),
    "llama4-scout-17b": (0.8008,),
    "llama4-maverick-17b": (0.8488,),
    "gemma-3-12b-it": (0.2358,),
    "gemma-3-27b-it": (0.5398,),
    "gpt-oss-20b": (0.06672,),
    "gpt-oss-120b": (0.2363,),
    "qwen.qwen3-235b-a22b-2507": (2.107, 4.955),
    "qwen3-32b": (0.4603, 0.9925),
}


def _bedrock(meter: str, **key: Any) -> dict[str, Any]:
    found = {"service_code": "AmazonBedrock", "sku_meter": meter, "operation": "InvokeModelInference"}
    return {**found, "consumed_unit": "1K tokens", **key}


def _edition(model: str, meter: str) -> dict[str, Any]:
    """A model that the marketplace sells, as a report has it: a random product code, and the product's name."""
    return {
        "service_code": "d2k7wvxa1fzcxnrqj1ez6gw4m", "service_name": f"{model} (Amazon Bedrock Edition)",
        "sku_meter": meter, "operation": "Usage", "consumed_unit": "Units",
    }  # fmt: skip


def _azure(meter: str, unit: str = "Units", service: str = "Azure OpenAI") -> dict[str, Any]:
    return {
        "provider": "azure", "service_name": service, "service_code": service,
        "sku_meter": meter, "consumed_unit": unit, "region_id": "eastus",
    }  # fmt: skip


def _gcp(meter: str, service: str = "Vertex AI", unit: str = "count") -> dict[str, Any]:
    return {
        "provider": "gcp", "service_name": service, "service_code": "C7E2-9256-1C43", "sku_meter": meter,
        "consumed_unit": unit, "region_id": "us-central1", "line_type": "regular",
    }  # fmt: skip


def test_an_open_model_follows_the_published_formula() -> None:
    # Llama 3.3 70B: 70.6e9 parameters x 2 bytes x 1.2 / 80 GB = 2.1, so 4 boards. At 64 requests at once a board takes
    # 1.16653e-6 x exp(-0.0112059 x 64) x 70.6 + 4.05293e-5 = 8.0732e-5 Wh per token; a token takes
    # 6.78509e-4 x 70.6 + 3.11931e-4 x 64 + 0.0194737 = 0.087340 s, in which half a host of 1,200 W serves 64 requests:
    # 600 W x 0.087340 s / 3600 / 64 = 2.2745e-4 Wh. Together 4 x 8.0732e-5 + 2.2745e-4 = 5.5038e-4 Wh.
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **_bedrock("USE1-Llama3-3-70B-output-tokens")))
    assert found["it_energy_kwh"] == pytest.approx(5.5038e-4, rel=2e-4)  # kWh of 1,000 tokens = Wh of one
    assert found["accelerator_it_energy_kwh"] == found["it_energy_kwh"]
    assert (found["quality"], found["resource_kind"], found["embodied_kg_co2e"]) == (4, "llm", None)


def test_pue_comes_once_where_a_peer_multiplies_it_in_twice() -> None:
    # SPRUCE row-0218: energy per token from EcoLogits, which holds the data centre's PUE already. The row's emissions
    # are that energy x 384.4 g/kWh x PUE 1.15 x 1.04 x 1.08, so PUE stands in it twice and power supplies once more.
    with PEER.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    peer = next(row for row in rows if "MistralLarge-output" in ",".join(row.values()))
    numbers = [float(value) for value in peer.values() if value.replace(".", "", 1).replace("e-", "", 1).isdigit()]
    energy_kwh, emissions_g = 0.0071909520000000005, 3.5704643732259838
    assert energy_kwh in numbers and emissions_g in numbers
    assert emissions_g == pytest.approx(energy_kwh * 384.4 * 1.15 * 1.04 * 1.08)
    with warehouse() as connection:
        ours = rate(connection, add_sku(connection, **_bedrock("USE1-MistralLarge2407-output-tokens")))
    assert ours["energy_kwh"] == pytest.approx(ours["it_energy_kwh"] * ours["pue"], rel=1e-12)
    assert ours["location_based_kg_co2e"] == pytest.approx(
        ours["it_energy_kwh"] * ours["pue"] * ours["grid_g_co2e_per_kwh"] / 1000, rel=1e-12
    )


def test_the_host_counts_beside_the_board() -> None:
    # SPRUCE row-0220 gives Mistral 7B 0.0509 Wh per 1,000 tokens with PUE: boards alone, since its token takes 0.1 ms.
    # Board: 1.16653e-6 x 0.48813 x 7.24 + 4.05293e-5 = 4.4652e-5 Wh. Host: an eighth of 1,200 W for
    # 6.78509e-4 x 7.24 + 0.0199636 + 0.0194737 = 0.044350 s over 64 requests = 2.8874e-5 Wh, 39 % of the whole.
    with warehouse() as connection:
        ours = rate(connection, add_sku(connection, **_bedrock("EUN1-Mistral7B-output-tokens", region_id="eu-north-1")))
    assert ours["it_energy_kwh"] == pytest.approx(4.4652e-5 + 2.8874e-5, rel=1e-3)
    assert ours["it_energy_kwh"] > 0.0509e-3


def test_input_tokens_are_a_share_that_may_be_zero() -> None:
    with warehouse() as connection:
        out = rate(connection, add_sku(connection, **_bedrock("USE1-Claude4Sonnet-output-tokens")))
        read = rate(connection, add_sku(connection, **_bedrock("USE1-Claude4Sonnet-input-tokens")))
        cached = rate(connection, add_sku(connection, **_bedrock("USE1-Claude4Sonnet-cache-read-input-token-count")))
        written = rate(connection, add_sku(connection, **_bedrock("USE1-Claude4Sonnet-cache-write-input-token-count")))
    assert read["it_energy_kwh"] == pytest.approx(0.05 * out["it_energy_kwh"])
    assert cached["it_energy_kwh"] == pytest.approx(0.002 * out["it_energy_kwh"])
    assert written["it_energy_kwh"] == read["it_energy_kwh"]
    assert (read["it_energy_kwh_low"], cached["it_energy_kwh_low"]) == (0.0, 0.0)
    # High: the model's factor 5 and the weight's factor 6 (0.3 over 0.05), independent: exp(sqrt(ln 5^2 + ln 6^2)).
    assert read["it_energy_kwh_high"] / read["it_energy_kwh"] == pytest.approx(
        math.exp(math.sqrt(math.log(5) ** 2 + math.log(6) ** 2)), rel=1e-3
    )


@pytest.mark.parametrize(
    ("meter", "low", "high"),
    [
        ("USE1-Llama3-1-8B-output-tokens", 0.2, 3.0),  # weights published
        ("USE1-Claude4Sonnet-output-tokens", 0.1, 5.0),  # size guessed
    ],
)
def test_a_closed_model_is_known_to_an_order_of_magnitude_only(meter: str, low: float, high: float) -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **_bedrock(meter)))
    assert found["it_energy_kwh_low"] / found["it_energy_kwh"] == pytest.approx(low, rel=2e-3)
    assert found["it_energy_kwh_high"] / found["it_energy_kwh"] == pytest.approx(high, rel=2e-3)


def test_what_was_measured_lies_inside_the_range_of_open_models() -> None:
    # Board energy x 1.3: an eighth of a 1.2 kW host is 150 W beside a board of some 500 W. J per token / 3600 = kWh
    # of 1,000 tokens. 0.4 to 2.5 x central, the range of uncertainty for batch sizes alone, would miss 7 of these 13.
    inside = narrow = total = 0
    with warehouse() as connection:
        for spelling, medians in MEASURED_J.items():
            found = rate(connection, add_sku(connection, **_bedrock(f"USE1-{spelling}-output-tokens")))
            for joule in medians:
                kwh = joule * 1.3 / 3600
                total += 1
                inside += found["it_energy_kwh_low"] <= kwh <= found["it_energy_kwh_high"]
                narrow += 0.4 <= kwh / found["it_energy_kwh"] <= 2.5
    assert (inside, narrow, total) == (12, 6, 13)


@pytest.mark.parametrize(
    ("key", "coefficient", "kilotokens"),
    [
        (_bedrock("USE1-Claude4.5Haiku-output-tokens-cross-region-global-batch"), "claude4.5haiku", 1),
        (_bedrock("EUN1-Mistral7B-output-tokens", consumed_unit="1M tokens"), "mistral7b", 1000),
        (_bedrock("USE1-qwen.qwen3-32b-mantle-output-tokens-standard"), "qwen.qwen3-32b", 1),
        (_bedrock("USE1-Llama4-Maverick-17B-output-tokens-batch"), "llama4-maverick-17b", 1),
        (_bedrock("USE1-GPT-OSS-Safeguard-20B-output-tokens-priority"), "gpt-oss-safeguard-20b", 1),
        (_bedrock("USE1-Claude3-5Haiku-output-tokens-latency-optimized"), "claude3-5haiku", 1),
        (_edition("Claude Sonnet 4", "USE1-MP:USE1_OutputTokenCount-Units"), "claude-sonnet-4", 1000),
        (_edition("Claude Haiku 4.5", "USE1-MP:USE1_OutputTokenCount_Global_Batch-Units"), "claude-haiku-4.5", 1000),
        (_edition("Claude 3.5 Sonnet v2", "USW2-MP:USW2_OutputTokenCount-Units"), "claude-3.5-sonnet-v2", 1000),
        (_azure("gpt-4o outp tokens", "1K"), "gpt-4o", 1),  # FOCUS: blocks
        (_azure("gpt 4o 0806 Outp regnl Tokens"), "gpt-4o-0806", 0.001),  # native: multiplied out
        (_azure("gpt-4o-0806-Batch-Outp-glbl Tokens"), "gpt-4o-0806", 0.001),
        (_azure("gpt 4o mini0718 BatchOutp DataZone Tokens"), "gpt-4o-mini0718", 0.001),
        (_azure("GPT4o-mini-Outp-glbl"), "gpt4o-mini", 0.001),
        (_azure("gpt-4.1-nano-outp-glbl Tokens"), "gpt-4.1-nano", 0.001),
        (_azure("GPT 5 Mini outpt Glbl 1M Tokens", service="Foundry Models"), "gpt-5-mini", 0.001),
        (_azure("o3 mini 0131 output Data Zone Tokens"), "o3-mini-0131", 0.001),
        (_azure("gpt-35-turbo16K-0125 Outp-glbl Tokens"), "gpt-35-turbo16k-0125", 0.001),
        (_azure("Az-GPT4-8K-Completion Tokens", service="Cognitive Services"), "az-gpt4-8k", 0.001),
        (_azure("R1 Outp glbl Tokens", service="Foundry Models"), "r1", 0.001),
        (_azure("Llama 3.3 70B Outp Dzone Tokens", service="Foundry Models"), "llama-3.3-70b", 0.001),
        (_azure("Phi-4-Output Tokens", service="Foundry Models"), "phi-4", 0.001),
        (_gcp("Gemini 2.5 Flash Text Output - Predictions"), "gemini-2.5-flash", 0.001),
        (_gcp("Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions"), "gemini-2.5-flash", 0.001),
        (_gcp("Gemini 2.5 Pro Thinking Text Output - Predictions"), "gemini-2.5-pro", 0.001),
        (_gcp("Gemini 2.5 Flash Lite Text Output - Predictions"), "gemini-2.5-flash-lite", 0.001),
        (_gcp("Claude Sonnet 4 Output Tokens"), "claude-sonnet-4", 0.001),
        (
            _gcp("Cloud Vertex AI Model Garden Model as a Service Llama 4 Maverick Output tokens"),
            "llama-4-maverick",
            0.001,
        ),
        (
            _gcp("Generate content output token count gemini 2.5 flash lite", "Gemini API"),
            "gemini-2.5-flash-lite",
            0.001,
        ),
    ],
)
def test_bill_spellings_name_their_model_and_count_its_tokens(
    key: dict[str, Any], coefficient: str, kilotokens: float
) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **key)
        found = rate(connection, sku_id)
        used, central = connection.execute(
            "select c.coefficient_key, k.central from core.sku_class as c "
            "inner join factors.coefficient as k on k.key = c.coefficient_key where c.sku_id = ?",
            [sku_id],
        ).fetchall()[0]
    assert used == f"llm.output.{coefficient}"
    assert found["it_energy_kwh"] == pytest.approx(central * kilotokens)


@pytest.mark.parametrize(
    ("key", "rule_id"),
    [
        (_azure("gpt 4.1 mini cached Inp glbl Tokens"), "foundry-cached"),
        (_azure("GPT 5 Mini cchd Inpt Glbl 1M Tokens"), "foundry-cached"),
        (_azure("GPT 5 Nano Batch Inpt cchd Glbl 1M Tokens"), "foundry-cached"),
        (_azure("gpt 4o mini 0718 Inp Data Zone Tokens"), "foundry-input"),
        (_azure("GPT 5 Inpt Glbl 1M Tokens"), "foundry-input"),
        (_gcp("Gemini 2.5 Flash GA Text Input - Predictions"), "vertex-input"),
        (_gcp("Gemini 2.5 Pro Text Input (Long) - Predictions"), "vertex-input"),
        (_gcp("Gemini 2.5 Flash Text Input Caching"), "vertex-cached"),
        (_bedrock("USE1-Claude4Sonnet-cache-write-input-token-count-cross-region-global"), "bedrock-input"),
        (_bedrock("USE1-deepseek.v3.1-input-tokens"), "bedrock-input"),
        (_edition("Claude Sonnet 4", "USE1-MP:USE1_CacheReadInputTokenCount_Global-Units"), "edition-cache-read"),
        (_edition("Claude Sonnet 4", "USE1-MP:USE1_CacheWrite1hInputTokenCount-Units"), "edition-input"),
        (_edition("Claude Sonnet 4", "USE1-MP:USE1_cache_write_tokens_1h_global_standard-Units"), "edition-input"),
        (_edition("Claude Sonnet 4", "USE1-MP:USE1_input_tokens_global_standard-Units"), "edition-input"),
    ],
)
def test_input_and_cached_meters_are_told_from_output(key: dict[str, Any], rule_id: str) -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **key))
    assert (found["rule_id"], found["disposition"]) == (rule_id, "estimated")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (_bedrock("USE1-NovaLite-output-tokens"), "llm.output.novalite"),  # neither size nor energy is published
        (
            _bedrock("USE1-MistralLarge-output-tokens"),
            "llm.output.mistrallarge",
        ),  # of February 2024: size not published
        (_edition("Claude Opus 4.7", "USE1-MP:USE1_output_tokens_standard-Units"), "llm.output.claude-opus-4.7"),
        (_edition("Claude Sonnet 4.5", "USE1-MP:USE1_Reserved_1Month_InputTPM-Units"), "provisioned"),
        (_azure("GPT 5.1 opt Gl 1M Tokens", service="Foundry Models"), "llm.output.gpt-5.1"),
        (_gcp("Gemini 1.5 Flash Text Output - Predictions"), "llm.output.gemini-1.5-flash"),  # billed by characters
        (_bedrock("USE1-TitanEmbeddingV2-Text-input-tokens"), "embedding"),
        (_bedrock("USE1-NovaSonic-speech-output-tokens"), "image, audio and video"),
        (_bedrock("USE1-Llama3-1-70B-ProvisionedThroughput-NoCommit-ModelUnits", consumed_unit="hour"), "provisioned"),
        (_azure("Provisioned Managed Global Unit", "Hours"), "provisioned"),
        (_azure("gpt 4.1 ft Training glbl Tokens"), "customization"),
        (_azure("gpt-4o-mini-tts-aud-out-glbl Tokens"), "image, audio and video"),
        (_gcp("Gemini 2.5 Flash GA Audio Input - Predictions"), "image, audio and video"),
        (_gcp("Gemini 2.5 Flash GA Text Caching Storage", unit="h"), "storage of a prompt cache"),
        (_bedrock("USE1-Claude4Sonnet-output-tokens", consumed_unit=None), "no unit"),
    ],
)
def test_what_is_not_published_is_unmodelled_and_named(key: dict[str, Any], reason: str) -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **key))
    assert (found["disposition"], found["it_energy_kwh"]) == ("unmodelled", None)
    assert reason in found["gap_reason"]


def test_a_marketplace_line_that_names_no_model_stays_out_of_scope() -> None:
    # The machines that other software of the marketplace runs on are on lines of their own.
    key = {**_edition("", "USE1-MP:USE1_OutputTokenCount-Units"), "service_name": "d2k7wvxa1fzcxnrqj1ez6gw4m"}
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **key))
    assert (found["disposition"], found["gap_reason"]) == ("out_of_scope", "marketplace")

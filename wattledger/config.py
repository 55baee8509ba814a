"""The configuration: one file, `wattledger.toml`, and what stands above and below it.

Precedence: flag, `WATTLEDGER_<TABLE>_<KEY>`, project file, user file, default. Relative paths start at the folder of
the file that says them; those of flags and the environment at the working directory. Secrets have no place here.
"""

import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wattledger.config_errors import dotted, invalid, refuse_secrets, unknown
from wattledger.config_tables import (
    EstimateTable,
    FileTables,
    ReportTable,
    SourceTable,
    WarehouseTable,
    known_keys,
)
from wattledger.contracts import SourceSettings
from wattledger.errors import ConfigError
from wattledger.owner_rules import OwnerRules, OwnersTable, owner_settings
from wattledger.privacy import Privacy, PrivacyTable
from wattledger.selection import Selection, of_files, of_lines

FILE_NAME = "wattledger.toml"
MASK = "***"
# What changes how lines are estimated; the warehouse records what its rates were made with, as these texts.
SWITCHES = {
    "grid_boundary": "lifecycle",
    "internet_transfer": "false",
    "spend_proxy": "false",
    "market_model": "off",
    "server_life_years": "factor_set",
    "accelerated_server_life_years": "factor_set",
}
DEFAULTS = {
    "warehouse.path": "wattledger.duckdb",
    "warehouse.memory_limit": "1500MB",
    "estimate.model": "default",
    **{f"estimate.{name}": value for name, value in SWITCHES.items()},
}
_MASKED = ("external_id",)
_OPTIONS = ("bigquery_location", "profile", "role_arn", "external_id", "arm_endpoint", "ca_file")


@dataclass(frozen=True)
class Setting:
    """One value in force and where it was said: a flag, a variable, a file and line, or `default`."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True)
class CarbonPrice:
    """What a tonne of CO2e is to cost inside the company."""

    per_t: Decimal
    currency: str  # ISO 4217


@dataclass(frozen=True)
class Config:
    """What is in force. ``path`` is the project file, whether or not it exists."""

    path: Path
    warehouse_path: Path
    snapshot_path: Path
    spool_path: Path
    memory_limit: str
    threads: int | None
    model: str
    switches: Mapping[str, str]  # SWITCHES as they are set
    sources: tuple[SourceSettings, ...]
    carbon_price: CarbonPrice | None = None
    settings: tuple[Setting, ...] = field(default=(), compare=False)
    owners: OwnerRules = field(default_factory=OwnerRules)
    privacy: Privacy = field(default_factory=Privacy)


@dataclass(frozen=True)
class _Layer:
    """One place that can say something: its values by key, the folder its paths start at, and how it is named."""

    values: Mapping[str, Any]
    folder: Path
    origins: Mapping[str, str]
    sources: Sequence[SourceTable] = ()
    owners: OwnersTable = field(default_factory=OwnersTable)
    privacy: PrivacyTable = field(default_factory=PrivacyTable)


def load_config(
    path: Path | None = None,
    *,
    warehouse: Path | None = None,
    environ: Mapping[str, str] | None = None,
    may_be_new: bool = False,
) -> Config:
    """Return the configuration in force.

    ``path`` is the project file (default: `wattledger.toml` here), ``warehouse`` the flag of that name;
    ``may_be_new`` takes a ``path`` at which nothing is yet.
    Raises ConfigError naming file, line and the nearest match for what cannot be.
    """
    env = os.environ if environ is None else environ
    here = Path.cwd()
    asked = path or (Path(env["WATTLEDGER_CONFIG"]) if env.get("WATTLEDGER_CONFIG") else None)
    if asked is not None and not asked.is_file() and not (may_be_new and not asked.exists()):
        raise ConfigError(f"{asked}: there is no such file. `wattledger init` writes one; --config names another.")
    project = here / (asked or FILE_NAME)
    layers = [_flag_layer(warehouse, here), _env_layer(env, here)]
    layers += [_file_layer(file) for file in (project, user_file(env)) if file is not None and file.is_file()]
    return _merge(project, layers)


def user_file(environ: Mapping[str, str]) -> Path | None:
    """Return where the user's own file would be on this platform; None for a user without a home."""
    home = environ.get("HOME")
    if base := environ.get("XDG_CONFIG_HOME"):
        folder = Path(base)
    elif not home:
        return None
    elif sys.platform == "darwin":
        folder = Path(home) / "Library" / "Application Support"
    else:
        folder = Path(home) / ".config"
    return folder / "wattledger" / FILE_NAME


def _flag_layer(warehouse: Path | None, here: Path) -> _Layer:
    if warehouse is None:
        return _Layer({}, here, {})
    refuse_secrets({"--warehouse": str(warehouse)}, lambda keys: str(keys[0]))
    return _Layer({"warehouse.path": str(warehouse)}, here, {"warehouse.path": "--warehouse"})


def _env_layer(environ: Mapping[str, str], here: Path) -> _Layer:
    known = {
        f"WATTLEDGER_{table}_{key}".upper(): (table, key)
        for table, model in (("warehouse", WarehouseTable), ("estimate", EstimateTable), ("report", ReportTable))
        for key in model.model_fields
    }
    values: dict[str, dict[str, str]] = {}
    for name, value in environ.items():
        if name in known:
            table, key = known[name]
            values.setdefault(table, {})[key] = value
        elif name.startswith(("WATTLEDGER_WAREHOUSE_", "WATTLEDGER_ESTIMATE_", "WATTLEDGER_REPORT_")):
            raise ConfigError(f"{name}: " + unknown("such variable", name, known))
    origins = {f"{table}.{key}": name for name, (table, key) in known.items()}

    def name_of(keys: Sequence[object]) -> str:
        return origins[".".join(str(key) for key in keys[:2])]

    refuse_secrets(values, name_of)
    try:
        parsed = FileTables.model_validate(values)
    except ValidationError as error:
        raise invalid(error.errors(), name_of, lambda _: ()) from None
    return _Layer(_scalars(parsed), here, origins)


def _file_layer(file: Path) -> _Layer:
    try:
        text = file.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text. Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: is not valid TOML: {error}.") from None

    def place(keys: Sequence[object]) -> str:
        return f"{file}, line {line_of(text, keys)}"

    refuse_secrets(document, lambda keys: f"{place(keys)}: {dotted(keys)}")
    try:
        parsed = FileTables.model_validate(document, strict=True)
    except ValidationError as error:
        raise invalid(error.errors(), place, known_keys) from None
    _refuse_same_names(parsed.source, place)
    origins = {key: f"{file}:{line_of(text, key.split('.'))}" for key in _scalars(parsed)}
    origins |= {
        f"source.{source.name}.{key}": f"{file}:{line_of(text, ('source', position, key))}"
        for position, source in enumerate(parsed.source)
        for key in source.model_fields_set
    }
    for table in ("owners", "privacy"):
        if getattr(parsed, table).model_fields_set:
            origins[table] = f"{file}:{line_of(text, (table,))}"
    return _Layer(_scalars(parsed), file.absolute().parent, origins, parsed.source, parsed.owners, parsed.privacy)


def _refuse_same_names(sources: Sequence[SourceTable], place: Callable[[Sequence[object]], str]) -> None:
    seen: set[str] = set()
    for position, source in enumerate(sources):
        if source.name in seen:
            raise ConfigError(
                f"{place(('source', position, 'name'))}: a second source is named {source.name!r}. Rename one: "
                "the name is part of every line's identity."
            )
        seen.add(source.name)


def _scalars(parsed: FileTables) -> dict[str, Any]:
    said = parsed.model_dump(exclude={"source", "owners", "privacy"}, exclude_none=True)
    return {f"{table}.{key}": value for table, values in said.items() for key, value in values.items()}


def line_of(text: str, keys: Sequence[object]) -> int:
    """Return the line of a TOML text at which ``keys`` is said: where the first prefix that holds it begins to."""
    lines = text.splitlines(keepends=True)
    before = 0
    for count in range(1, len(lines) + 1):
        try:
            found: Any = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # within a value of several lines
        try:
            for key in keys:
                found = found[key]
        except (KeyError, IndexError, TypeError):
            before = count
            continue
        return before + 1
    return 1


def _as_said(value: object) -> str:
    """A value as the file writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _merge(project: Path, layers: Sequence[_Layer]) -> Config:
    settings: list[Setting] = []

    def pick(key: str, default: str | None = None, heard: Sequence[_Layer] = layers) -> tuple[Any, Path | None]:
        for layer in heard:
            if key in layer.values:
                settings.append(Setting(key, _as_said(layer.values[key]), layer.origins[key]))
                return layer.values[key], layer.folder
        settings.append(Setting(key, default or "", "default"))
        return default, None

    def pick_path(key: str, default: Path, heard: Sequence[_Layer] = layers) -> Path:
        value, folder = pick(key, str(default), heard)
        if folder is None:
            return default
        if "://" in value or value.startswith("md:"):
            raise ConfigError(f"{settings[-1].origin}: {key} is a file on this machine; {value} is not.")
        return folder / Path(value).expanduser()

    warehouse = pick_path("warehouse.path", project.absolute().parent / DEFAULTS["warehouse.path"])
    # A snapshot that stands below whoever says the path is that of another warehouse.
    said_at = next((n for n, layer in enumerate(layers) if "warehouse.path" in layer.values), len(layers))
    beside = warehouse.with_name(f"{warehouse.stem}.snapshot.duckdb")
    snapshot = pick_path("warehouse.snapshot", beside, layers[: said_at + 1])
    if snapshot.resolve() == warehouse.resolve():
        raise ConfigError(f"The warehouse and its snapshot are one file, {warehouse}. Give the snapshot another name.")
    spool = pick_path("warehouse.spool", warehouse.parent / "spool")
    memory_limit, _ = pick("warehouse.memory_limit", DEFAULTS["warehouse.memory_limit"])
    threads, _ = pick("warehouse.threads")
    model, _ = pick("estimate.model", DEFAULTS["estimate.model"])
    switches = {name: _as_said(pick(f"estimate.{name}", SWITCHES[name])[0]) for name in SWITCHES}
    carbon_price = _carbon_price(pick)
    sources: tuple[SourceSettings, ...] = ()
    # Sources are one list: the nearest file that has any gives them all.
    if layer := next((layer for layer in layers if layer.sources), None):
        sources = tuple(_source(source, layer.folder) for source in layer.sources)
        settings += [setting for source in layer.sources for setting in _said(source, layer)]
    owners = OwnerRules()
    if layer := next((layer for layer in layers if layer.owners.model_fields_set), None):
        owners = layer.owners.rules(layer.folder)
        origin = layer.origins["owners"]
        settings += [Setting(key, value, origin) for key, value in owner_settings(owners)]
    privacy = Privacy()
    if layer := next((layer for layer in layers if layer.privacy.hash), None):
        privacy = layer.privacy.privacy(layer.folder)
        settings.append(Setting("privacy.hash", ", ".join(privacy.columns), layer.origins["privacy"]))
        settings.append(Setting("privacy.key", privacy.key, layer.origins["privacy"]))
    said = tuple(settings)
    places = (project, warehouse, snapshot, spool)
    return Config(*places, memory_limit, threads, model, switches, sources, carbon_price, said, owners, privacy)


def _carbon_price(pick: Callable[[str], tuple[Any, Path | None]]) -> CarbonPrice | None:
    per_t, _ = pick("report.carbon_price_per_t")
    currency, _ = pick("report.carbon_price_currency")
    if (per_t is None) != (currency is None):
        lacks = "report.carbon_price_per_t" if per_t is None else "report.carbon_price_currency"
        raise ConfigError(f"{lacks} is not set: a price and its currency go together. Add it, or take out the other.")
    return None if per_t is None else CarbonPrice(Decimal(str(per_t)), currency)


def _source(source: SourceTable, folder: Path) -> SourceSettings:
    options = {key: value for key in _OPTIONS if (value := getattr(source, key)) is not None}
    if source.ca_file is not None:
        options["ca_file"] = _local(source.ca_file, folder)
    location = f"bigquery://{source.table}" if source.location is None else _local(source.location, folder)
    return SourceSettings(
        source.name,
        source.kind,
        location,
        source.since,
        source.timezone,
        of_files(source.include),
        of_files(source.exclude),
        None if source.mapping is None else _local(source.mapping, folder),
        options,
        Selection(of_lines(source.include), of_lines(source.exclude)),
    )


def _local(location: str, folder: Path) -> str:
    """A local path made absolute; a URL as it is."""
    return location if "://" in location else str(folder / Path(location).expanduser())


def _said(source: SourceTable, layer: _Layer) -> Iterator[Setting]:
    for key in SourceTable.model_fields:
        if key in source.model_fields_set:
            value = getattr(source, key)
            text = ", ".join(value) if isinstance(value, list) else str(value)
            shown = MASK if key in _MASKED else text
            name = f"source.{source.name}.{key}"
            yield Setting(name, shown, layer.origins[name])

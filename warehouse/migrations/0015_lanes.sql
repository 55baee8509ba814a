-- What each lane assumed for its rates, so that the difference between models can be told by its causes.
-- Filled by `models`; energy is per unit of consumed_quantity. Only of estimated rates of lanes; the default card has none.
create table core.lane_input (
    model varchar not null,
    factor_set varchar not null,
    sku_id bigint not null,
    charge_month date not null,
    utilization double,                 -- share that the lane assumed; null where none
    it_energy_kwh_at_default_utilization double, -- its own formula at the utilization of the default model; null where it has none
    copies double,                      -- replication multiplier within it_energy_kwh; null where none
    uplift double,                      -- what multiplies kg beyond kWh x PUE x grid; 1 where nothing
    embodied_energy_kwh double,         -- energy of the tool's own figure that is embodied carbon in truth; never part of energy_kwh
    known_error varchar,                -- an error of the tool that this rate reproduces; null where none
    inputs json,                        -- the numbers of its formula
    primary key (model, factor_set, sku_id, charge_month)
);

-- How far PUE, grid, market, losses and water of each place and month reach: squared log ratios of their low and high ends.
-- Grain: that of core.site_factor, for the factor set in force. Reads: core.site_factor, core.setting.
-- A null `down` is a low end of zero. A kWh at the server takes WUE + PUE x WCF litres: each of the three moves the sum.
with site as (
    select f.*, f.wue_l_per_kwh_it + f.pue * f.wcf_l_per_kwh as water_l_per_kwh_it
    from core.site_factor as f
    inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
)

select
    f.provider, f.region_id, f.charge_month,
    case when f.pue_low > 0e0 then power(ln(least(f.pue_low / f.pue, 1e0)), 2) end as pue_down,
    power(ln(greatest(f.pue_high / f.pue, 1e0)), 2) as pue_up,
    case when f.grid_g_co2e_per_kwh > 0e0 and f.grid_g_co2e_per_kwh_low > 0e0
        then power(ln(least(f.grid_g_co2e_per_kwh_low / f.grid_g_co2e_per_kwh, 1e0)), 2)
    end as grid_down,
    case when f.grid_g_co2e_per_kwh > 0e0
        then power(ln(greatest(f.grid_g_co2e_per_kwh_high / f.grid_g_co2e_per_kwh, 1e0)), 2)
    end as grid_up,
    case when f.market_g_co2e_per_kwh > 0e0 and f.market_g_co2e_per_kwh_low > 0e0
        then power(ln(f.market_g_co2e_per_kwh_low / f.market_g_co2e_per_kwh), 2)
    end as market_down,
    case when f.market_g_co2e_per_kwh > 0e0
        then power(ln(f.market_g_co2e_per_kwh_high / f.market_g_co2e_per_kwh), 2)
    end as market_up,
    f.td_loss / (1e0 - f.td_loss) as lost_per_delivered,
    power(ln(f.td_loss_low / (1e0 - f.td_loss_low) / (f.td_loss / (1e0 - f.td_loss))), 2) as td_loss_down,
    power(ln(f.td_loss_high / (1e0 - f.td_loss_high) / (f.td_loss / (1e0 - f.td_loss))), 2) as td_loss_up,
    case when f.wue_l_per_kwh_it > 0e0 and f.wue_l_per_kwh_it_low > 0e0
        then power(ln(f.wue_l_per_kwh_it_low / f.wue_l_per_kwh_it), 2)
    end as wue_down,
    case when f.wue_l_per_kwh_it > 0e0 then power(ln(f.wue_l_per_kwh_it_high / f.wue_l_per_kwh_it), 2) end as wue_up,
    power(ln(f.wcf_l_per_kwh_low / f.wcf_l_per_kwh), 2) as wcf_down,
    power(ln(f.wcf_l_per_kwh_high / f.wcf_l_per_kwh), 2) as wcf_up,
    f.water_l_per_kwh_it,
    power(ln((f.wue_l_per_kwh_it_low + f.pue * f.wcf_l_per_kwh) / f.water_l_per_kwh_it), 2)
    + power(ln((f.wue_l_per_kwh_it + f.pue_low * f.wcf_l_per_kwh) / f.water_l_per_kwh_it), 2)
    + power(ln((f.wue_l_per_kwh_it + f.pue * f.wcf_l_per_kwh_low) / f.water_l_per_kwh_it), 2) as water_down,
    power(ln((f.wue_l_per_kwh_it_high + f.pue * f.wcf_l_per_kwh) / f.water_l_per_kwh_it), 2)
    + power(ln((f.wue_l_per_kwh_it + f.pue_high * f.wcf_l_per_kwh) / f.water_l_per_kwh_it), 2)
    + power(ln((f.wue_l_per_kwh_it + f.pue * f.wcf_l_per_kwh_high) / f.water_l_per_kwh_it), 2) as water_up
from site as f

-- The market-based factor of each wanted place and month, in the order of the GHG Protocol: a contract, what the provider says
-- of its own power, a residual mix; else none and the reason. Grain: that of site_wanted.
-- Reads: site_wanted, site_grid, site_instrument, site_claim, core.provider_month, core.setting.
-- The provider's figure is a ratio: its market-based kg over its location-based kg of that region and month, times our grid.
-- It moves no location-based figure. A local zone draws from another grid than the region that the provider speaks of.
with candidate as (
    select
        w.provider, w.region_id, w.charge_month, w.known_region_id, w.grid_boundary, w.year,
        g.central_g, g.low_g, g.high_g,
        m.location_based_kg_co2e as provider_location_kg,
        m.market_based_kg_co2e as provider_market_kg,
        m.model_version,
        m.provider_ref,
        m.provider is not null as has_provider,
        case when m.location_based_kg_co2e > 0e0 then m.market_based_kg_co2e / m.location_based_kg_co2e end as market_per_location,
        k.accounting as claim_accounting, k.metric as claim_metric, k.claim_year, k.factor_id as claim_ref, k.cfe,
        coalesce(k.claimed_g, (1e0 - k.cfe) * g.central_g) as claim_g,
        coalesce(k.claimed_g, (1e0 - k.cfe) * g.low_g) as claim_low_g,
        coalesce(k.claimed_g, (1e0 - k.cfe) * g.high_g) as claim_high_g,
        c.central_g as contract_g, c.low_g as contract_low_g, c.high_g as contract_high_g, c.boundary as contract_boundary,
        c.factor_id as contract_ref, c.note as contract_note,
        r.central_g as residual_g, r.low_g as residual_low_g, r.high_g as residual_high_g, r.boundary as residual_boundary,
        r.factor_id as residual_ref, r.note as residual_note
    from site_wanted as w
    left join site_grid as g on g.provider = w.provider and g.known_region_id = w.known_region_id and g.year = w.year
    left join core.provider_month as m
        on w.placed_as in ('region', 'unknown')
        and m.provider = w.provider
        and m.charge_month = w.charge_month
        and m.region_id = coalesce(w.known_region_id, w.region_id)
    left join site_claim as k
        on k.provider = w.provider and k.known_region_id = w.known_region_id and k.year = w.year and w.placed_as = 'region'
    left join site_instrument as c
        on c.provider = w.provider and c.known_region_id = w.known_region_id and c.year = w.year
        and c.accounting = 'market_based'
    left join site_instrument as r
        on r.provider = w.provider and r.known_region_id = w.known_region_id and r.year = w.year
        and r.accounting = 'residual_mix'
),

chosen as (
    select
        *,
        case
            when contract_ref is not null then 'market_based'
            when market_per_location >= 0e0 and central_g is not null then 'provider_figure'
            when claim_g is not null then claim_accounting
            when residual_ref is not null then 'residual_mix'
        end as accounting
    from candidate
)

select
    provider, region_id, charge_month, known_region_id,
    accounting as market_accounting,
    case accounting
        when 'market_based' then contract_g when 'residual_mix' then residual_g
        when 'provider_figure' then central_g * market_per_location else claim_g
    end as market_g,
    case accounting
        when 'market_based' then contract_low_g when 'residual_mix' then residual_low_g
        when 'provider_figure' then low_g * market_per_location else claim_low_g
    end as market_g_low,
    case accounting
        when 'market_based' then contract_high_g when 'residual_mix' then residual_high_g
        when 'provider_figure' then high_g * market_per_location else claim_high_g
    end as market_g_high,
    case accounting
        when 'market_based' then contract_boundary when 'residual_mix' then residual_boundary
        when 'provider_figure' then grid_boundary when claim_accounting then grid_boundary
    end as market_boundary,
    case accounting
        when 'market_based' then contract_ref when 'residual_mix' then residual_ref
        when 'provider_figure' then provider_ref else claim_ref
    end as market_ref,
    case accounting
        when 'market_based' then contract_note
        when 'residual_mix' then residual_note
        when 'provider_figure' then concat(
            'grid x ', round(provider_market_kg, 6), ' kg market-based / ', round(provider_location_kg, 6), ' kg location-based, scope 2 of ',
            provider, ' ', coalesce(known_region_id, region_id), ', its model ', model_version
        )
        when 'provider_claim' then concat(provider, ' lists ', known_region_id, ' as matched in ', claim_year)
        when 'cfe_model' then concat('grid x (1 - ', cfe, '), ', claim_metric, ' of ', claim_year, ', an approximation')
    end as market_note,
    case when accounting is null then concat(
        'no contract, no figure of the provider and no residual mix for ', region_id, ' in ', strftime(charge_month, '%Y-%m'),
        case
            when has_provider and provider_location_kg is null then ': it states no location-based scope 2 beside the market-based'
            when has_provider and not provider_location_kg > 0e0 then ': its location-based scope 2 is not above 0'
            when has_provider and market_per_location < 0e0 then ': its market-based scope 2 is negative'
            when has_provider then ': its ratio has no grid factor to apply to'
            else ''
        end
    ) end as market_gap_reason,
    provider_location_kg, provider_market_kg, model_version
from chosen

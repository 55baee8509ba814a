-- The wanted rates into the card. Grain: as rate.
insert into core.rate by name
select * from (
/* rate */
)
order by sku_id, charge_month

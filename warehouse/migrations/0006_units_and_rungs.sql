-- Billed units are turned into physical ones by data, and a rate says how its machine was found.
-- Classes and rates are derived: they are made again by the next sync or estimate.
delete from core.rate_input;
delete from core.rate;
delete from core.sku_class;
alter table core.sku_class drop column conversion;
alter table core.sku_class add column unit_quantity double; -- physical units per unit of consumed_quantity
alter table core.sku_class add column unit_per varchar;     -- month: times the hours of the charge month; else empty
alter table core.rate add column hardware_rung varchar;     -- type, family, class; null without a machine

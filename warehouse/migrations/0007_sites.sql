-- The switches of [estimate] that the rate card was made with, as the configuration writes them. Rates of before know these.
insert into core.setting values
    ('grid_boundary', 'lifecycle'),     -- or direct: Scope 2 alone, without the upstream of the fuels
    ('internet_transfer', 'false'),     -- true: transfer over the internet is estimated
    ('spend_proxy', 'false');           -- true: what nothing else covers is estimated by its cost

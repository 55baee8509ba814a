-- Who answers for what: the owner of each account and set of tags on a bill, by the rules of the configuration.
-- Grain: dimension x provider x payer x account x set of tags. No rows without [owners].
-- To find the owner of lines, join ledger.lines on the last four, null-safe (`is not distinct from`).
select
    dimension,
    provider,
    billing_account_id,
    sub_account_id,
    tag_set_id,
    tags,
    state,
    owner,
    rule
from core.owner

-- Withdrawals that the centre does not take: they wait on, and hold up no other customer's.

ALTER TABLE outbox ADD COLUMN passed text;
CREATE INDEX outbox_fresh ON outbox (number) WHERE rank = 3 AND passed IS NULL;
CREATE INDEX outbox_passed ON outbox (number) WHERE passed IS NOT NULL;
CREATE INDEX outbox_stuck ON outbox (customer) WHERE passed IS NOT NULL;
COMMENT ON COLUMN outbox.passed IS 'The code of why the centre does not take a withdrawal; it is tried again for ever';

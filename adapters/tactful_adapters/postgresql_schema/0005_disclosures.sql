-- What was passed on to partners, on record for its time.

-- Whose they are is NULL once the customer was erased: a second word of them still changes nothing.
CREATE TABLE disclosure (
    decision text COLLATE "C" NOT NULL,
    slot     integer NOT NULL,
    offer    text COLLATE "C" NOT NULL,
    customer text COLLATE "C",
    at_us    bigint NOT NULL,
    until_us bigint NOT NULL,
    body     bytea NOT NULL,
    PRIMARY KEY (decision, slot, offer)
);
CREATE INDEX disclosure_customer ON disclosure (customer, at_us);
CREATE INDEX disclosure_until ON disclosure (until_us);
COMMENT ON TABLE disclosure IS 'What was passed on to partners: to whom, for what, by which attributes; never a value';

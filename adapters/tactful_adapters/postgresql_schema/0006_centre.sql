-- What following a centre needs: the epoch of consents, and a place for what the centre refuses.

ALTER TABLE consent ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN consent.epoch IS 'The epoch of the last change at the centre that is followed; 0 came in another way';

CREATE TABLE refused (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rank     smallint NOT NULL,
    customer text COLLATE "C",
    code     text NOT NULL,
    body     bytea NOT NULL
);
CREATE INDEX refused_customer ON refused (customer);
COMMENT ON TABLE refused IS 'What the centre refuses, out of the way of the rest, until somebody looks at it';

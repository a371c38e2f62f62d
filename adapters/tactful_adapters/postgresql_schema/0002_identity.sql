-- Who is linked to which identifiers, and which ids are one customer.

CREATE TABLE link (
    name       text COLLATE "C" NOT NULL,
    value      text COLLATE "C" NOT NULL,
    customer   text COLLATE "C" NOT NULL,
    kind       text NOT NULL,
    confidence double precision NOT NULL,
    at_us      bigint NOT NULL,
    PRIMARY KEY (name, value, customer)
);
CREATE INDEX link_customer ON link (customer);
COMMENT ON TABLE link IS 'Identifiers and the ids for which they stand';

-- Who stands for an id follows from the merges, and is kept because every read needs it.
CREATE TABLE merged (
    customer text COLLATE "C" PRIMARY KEY,
    root     text COLLATE "C" NOT NULL
);
CREATE INDEX merged_root ON merged (root);
COMMENT ON TABLE merged IS 'Ids that are merged, and the id that stands for them';

CREATE TABLE merging (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer text COLLATE "C" NOT NULL REFERENCES merged,
    other    text COLLATE "C" NOT NULL REFERENCES merged,
    at_us    bigint NOT NULL
);
CREATE INDEX merging_customer ON merging (customer);
CREATE INDEX merging_other ON merging (other);
COMMENT ON TABLE merging IS 'The statements that two ids are one customer, in their order';

-- Which edges follow the store, and how far each is, by its own word.

CREATE TABLE edge (
    name      text COLLATE "C" PRIMARY KEY,
    consents  bigint NOT NULL,
    profiles  bigint NOT NULL,
    at_us     bigint NOT NULL,
    until_us  bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE edge IS 'Up to which epoch each edge has the lines, and when it said so; after until_us it counts as gone';

-- What is known of each id, what passed between us, and what waits for the centre.
--
-- Moments are bigint, µs since 1970 in UTC: exact to the last digit, and as far as "never"; for people:
-- to_timestamp(at_us / 1e6). Ids are text COLLATE "C": compared byte by byte, so that no update of the operating
-- system's collations damages an index. Bodies are msgpack, the same bytes as in a file of SQLite: jsonb would lose the
-- difference between 3 and 3.0, and refuse some texts.

CREATE TABLE profile (
    customer text COLLATE "C" PRIMARY KEY,
    epoch    bigint NOT NULL,
    at_us    bigint NOT NULL,
    body     bytea NOT NULL
);
COMMENT ON TABLE profile IS 'The newest snapshot of each id; body: attribute name -> value, source, moment, ...';

CREATE TABLE consent (
    customer text COLLATE "C" PRIMARY KEY,
    heard    boolean NOT NULL,
    at_us    bigint NOT NULL,
    body     bytea NOT NULL
);
COMMENT ON TABLE consent IS 'What each id said; heard: whether the centre has told of it, or it was said here alone';

CREATE TABLE contact (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text COLLATE "C" NOT NULL UNIQUE,
    customer text COLLATE "C" NOT NULL,
    at_us    bigint NOT NULL,
    body     bytea NOT NULL
);
CREATE INDEX contact_customer ON contact (customer, at_us);
CREATE INDEX contact_at ON contact (at_us);
COMMENT ON TABLE contact IS 'The ledger; numbers rise in the order of commits, as writers take the ledger''s lock first';

CREATE TABLE outbox (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rank       smallint NOT NULL,
    customer   text COLLATE "C",
    size_bytes bigint NOT NULL,
    body       bytea NOT NULL
);
CREATE INDEX outbox_rank ON outbox (rank, number);
CREATE INDEX outbox_customer ON outbox (customer);
COMMENT ON TABLE outbox IS 'What waits for the centre; rank 0 exposures, 1 outcomes, 2 disclosures, 3 withdrawals';

-- What waits is counted as it comes and goes; counting it anew for each record would read it all.
CREATE TABLE waiting (
    rank           smallint PRIMARY KEY,
    number_of_rows bigint NOT NULL,
    size_bytes     bigint NOT NULL,
    dropped        bigint NOT NULL
);
INSERT INTO waiting VALUES (0, 0, 0, 0), (1, 0, 0, 0), (2, 0, 0, 0), (3, 0, 0, 0);
COMMENT ON TABLE waiting IS 'How much waits in the outbox by rank, and how many were dropped because too much did';

CREATE FUNCTION waiting_more() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE waiting
    SET number_of_rows = waiting.number_of_rows + come.number_of_rows, size_bytes = waiting.size_bytes + come.size_bytes
    FROM (SELECT rank, count(*) AS number_of_rows, sum(size_bytes) AS size_bytes FROM changed GROUP BY rank) AS come
    WHERE waiting.rank = come.rank;
    RETURN NULL;
END $$;

CREATE FUNCTION waiting_less() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE waiting
    SET number_of_rows = waiting.number_of_rows - gone.number_of_rows, size_bytes = waiting.size_bytes - gone.size_bytes
    FROM (SELECT rank, count(*) AS number_of_rows, sum(size_bytes) AS size_bytes FROM changed GROUP BY rank) AS gone
    WHERE waiting.rank = gone.rank;
    RETURN NULL;
END $$;

CREATE FUNCTION waiting_none() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE waiting SET number_of_rows = 0, size_bytes = 0;
    RETURN NULL;
END $$;

CREATE TRIGGER waiting_more AFTER INSERT ON outbox
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION waiting_more();
CREATE TRIGGER waiting_less AFTER DELETE ON outbox
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION waiting_less();
CREATE TRIGGER waiting_none AFTER TRUNCATE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION waiting_none();

CREATE TABLE register (
    name  text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);
COMMENT ON TABLE register IS 'Small secrets and marks that outlive a process: the token key, the highest epoch';

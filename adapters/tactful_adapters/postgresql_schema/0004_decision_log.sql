-- The decision log under pseudonyms, the sealed evidence, and who looked at it. The keys are not here.

-- A page view that is decided again has the same id, at another moment.
CREATE TABLE decision (
    at_us      bigint NOT NULL,
    id         text COLLATE "C" NOT NULL,
    who        bytea NOT NULL,
    size_bytes bigint NOT NULL,
    body       bytea NOT NULL,
    PRIMARY KEY (at_us, id)
);
CREATE INDEX decision_id ON decision (id, at_us);
CREATE INDEX decision_who ON decision (who);
COMMENT ON TABLE decision IS 'What was decided, under pseudonyms; who is empty once the customer was erased';

CREATE TABLE evidence (
    at_us    bigint NOT NULL,
    id       text COLLATE "C" NOT NULL,
    who      bytea NOT NULL,
    until_us bigint NOT NULL,
    sealed   bytea NOT NULL,
    PRIMARY KEY (at_us, id)
);
CREATE INDEX evidence_id ON evidence (id, at_us);
CREATE INDEX evidence_who ON evidence (who);
CREATE INDEX evidence_until ON evidence (until_us);
COMMENT ON TABLE evidence IS 'What decisions were made of, encrypted under a key that is not here';

-- One row for each of both: what is kept is counted as it comes and goes.
CREATE TABLE logged (
    kept           text PRIMARY KEY,
    number_of_rows bigint NOT NULL,
    size_bytes     bigint NOT NULL,
    dropped        bigint NOT NULL
);
INSERT INTO logged VALUES ('decision', 0, 0, 0), ('evidence', 0, 0, 0);
COMMENT ON TABLE logged IS 'How many decisions and how much evidence are kept, and how many were dropped';

CREATE FUNCTION decision_more() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE logged
    SET number_of_rows = number_of_rows + (SELECT count(*) FROM after),
        size_bytes = logged.size_bytes + (SELECT coalesce(sum(after.size_bytes), 0) FROM after)
    WHERE kept = 'decision';
    RETURN NULL;
END $$;

CREATE FUNCTION decision_less() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE logged
    SET number_of_rows = number_of_rows - (SELECT count(*) FROM before),
        size_bytes = logged.size_bytes - (SELECT coalesce(sum(before.size_bytes), 0) FROM before)
    WHERE kept = 'decision';
    RETURN NULL;
END $$;

CREATE FUNCTION decision_other() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE logged
    SET size_bytes = logged.size_bytes + (SELECT coalesce(sum(after.size_bytes), 0) FROM after)
                   - (SELECT coalesce(sum(before.size_bytes), 0) FROM before)
    WHERE kept = 'decision';
    RETURN NULL;
END $$;

CREATE FUNCTION evidence_more() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE logged SET number_of_rows = number_of_rows + (SELECT count(*) FROM after) WHERE kept = 'evidence';
    RETURN NULL;
END $$;

CREATE FUNCTION evidence_less() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE logged SET number_of_rows = number_of_rows - (SELECT count(*) FROM before) WHERE kept = 'evidence';
    RETURN NULL;
END $$;

CREATE FUNCTION logged_none() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE logged SET number_of_rows = 0, size_bytes = 0 WHERE kept = TG_TABLE_NAME;
    RETURN NULL;
END $$;

CREATE TRIGGER decision_more AFTER INSERT ON decision
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION decision_more();
CREATE TRIGGER decision_other AFTER UPDATE ON decision
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION decision_other();
CREATE TRIGGER decision_less AFTER DELETE ON decision
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION decision_less();
CREATE TRIGGER decision_none AFTER TRUNCATE ON decision FOR EACH STATEMENT EXECUTE FUNCTION logged_none();
CREATE TRIGGER evidence_more AFTER INSERT ON evidence
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION evidence_more();
CREATE TRIGGER evidence_less AFTER DELETE ON evidence
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION evidence_less();
CREATE TRIGGER evidence_none AFTER TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION logged_none();

CREATE TABLE access (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_us    bigint NOT NULL,
    reader   text NOT NULL,
    reason   text NOT NULL,
    decision text NOT NULL,
    since_us bigint NOT NULL,
    until_us bigint NOT NULL
);
CREATE INDEX access_at ON access (at_us);
COMMENT ON TABLE access IS 'Who looked at evidence: only ever added to, until its time is over';

CREATE TABLE erased (
    who   bytea PRIMARY KEY,
    at_us bigint NOT NULL
);
COMMENT ON TABLE erased IS 'Who was erased a short while ago: what was decided before, and comes in late, is not kept';

-- The store as a centre that edges follow: what has changed, by line, in epochs that rise in the order of commits.
--
-- Consents, profiles and links are told by triggers, whoever changes them; they fire at the end of a transaction, when it
-- waits for no row any more. There the first one takes the lock of the lines, which is held until the commit.

CREATE TABLE line_epoch (
    line   text PRIMARY KEY,
    number bigint NOT NULL
);
INSERT INTO line_epoch VALUES ('consents', 0), ('profiles', 0);
COMMENT ON TABLE line_epoch IS 'The newest epoch of each line; never lower it: edges do not believe a centre that goes back';

CREATE TABLE change (
    line       text NOT NULL REFERENCES line_epoch,
    epoch      bigint NOT NULL,
    what       text NOT NULL
        CHECK (what IN ('consents', 'profile', 'link', 'unlinked', 'merge', 'split', 'erased')),
    customer   text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    value      text COLLATE "C" NOT NULL,
    other      text COLLATE "C" NOT NULL,
    kind       text NOT NULL,
    confidence double precision NOT NULL,
    at_us      bigint NOT NULL,
    PRIMARY KEY (line, epoch)
);
CREATE INDEX change_customer ON change (customer, what, line);
CREATE INDEX change_identifier ON change (name, value) WHERE what IN ('link', 'unlinked');
COMMENT ON TABLE change IS 'What is told to edges; of two changes of the same thing the later one is enough';

-- Enter a change under the next epoch, in place of what it overtakes, and say in one notice that there is something new.
CREATE FUNCTION tell(
    in_line text, of_what text, of_customer text, of_name text = '', of_value text = '', of_other text = '',
    of_kind text = '', of_confidence double precision = 1, of_at_us bigint = 0
) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    next bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tactful lines of ' || current_schema(), 0));
    UPDATE line_epoch SET number = number + 1 WHERE line = in_line RETURNING number INTO next;
    IF of_what = 'erased' THEN
        DELETE FROM change WHERE customer = of_customer AND line = in_line;
    ELSIF of_what = 'unlinked' THEN
        DELETE FROM change WHERE name = of_name AND value = of_value AND what IN ('link', 'unlinked');
    ELSIF of_what NOT IN ('merge', 'split') THEN
        DELETE FROM change
        WHERE customer = of_customer AND what = of_what AND line = in_line AND name = of_name AND value = of_value;
    END IF;
    INSERT INTO change (line, epoch, what, customer, name, value, other, kind, confidence, at_us)
    VALUES (in_line, next, of_what, of_customer, of_name, of_value, of_other, of_kind, of_confidence, of_at_us);
    PERFORM pg_notify('tactful', current_schema() || '/' || in_line);
END $$;

CREATE FUNCTION consent_told() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM tell('consents', 'consents', NEW.customer);
    RETURN NULL;
END $$;

CREATE FUNCTION profile_told() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM tell('profiles', 'profile', NEW.customer);
    RETURN NULL;
END $$;

CREATE FUNCTION link_told() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM tell('profiles', 'link', NEW.customer, NEW.name, NEW.value, '', NEW.kind, NEW.confidence, NEW.at_us);
    RETURN NULL;
END $$;

-- What is there already is told first.
SELECT tell('consents', 'consents', customer) FROM (SELECT customer FROM consent ORDER BY customer) AS known;
SELECT tell('profiles', 'profile', customer) FROM (SELECT customer FROM profile ORDER BY customer) AS known;
SELECT tell('profiles', 'link', customer, name, value, '', kind, confidence, at_us)
FROM (SELECT * FROM link ORDER BY at_us, name, value, customer) AS known;
SELECT tell('profiles', 'merge', customer, '', '', other, '', 1, at_us)
FROM (SELECT * FROM merging ORDER BY number) AS known;

CREATE CONSTRAINT TRIGGER consent_new AFTER INSERT ON consent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION consent_told();
CREATE CONSTRAINT TRIGGER consent_changed AFTER UPDATE ON consent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION consent_told();
CREATE CONSTRAINT TRIGGER profile_new AFTER INSERT ON profile
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION profile_told();
CREATE CONSTRAINT TRIGGER profile_changed AFTER UPDATE ON profile
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION profile_told();
CREATE CONSTRAINT TRIGGER link_new AFTER INSERT ON link
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION link_told();
CREATE CONSTRAINT TRIGGER link_changed AFTER UPDATE ON link
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION link_told();

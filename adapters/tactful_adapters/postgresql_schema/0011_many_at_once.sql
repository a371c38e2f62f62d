-- Telling of many changes in one transaction, in time that grows with their number and not with its square.
--
-- Each change counted up the row of its line: of a row that a transaction writes often, PostgreSQL goes through all
-- versions to find the last one. Now the first change of a transaction writes it, to take its place in the order of
-- commits, the others count in a setting that ends with the transaction, and the last trigger writes what it came to.

CREATE FUNCTION line_counter(in_line text) RETURNS text LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT format('tactful.%s_%s', in_line, md5(current_schema()))
$$;

CREATE OR REPLACE FUNCTION tell(
    in_line text, of_what text, of_customer text, of_name text = '', of_value text = '', of_other text = '',
    of_kind text = '', of_confidence double precision = 1, of_at_us bigint = 0
) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
    counter text := line_counter(in_line);
    next bigint;
    counts boolean := true; -- false where triggers fire at once, so that line_counted has done so already
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tactful lines of ' || current_schema(), 0));
    next := nullif(current_setting(counter, true), '')::bigint + 1;
    IF next IS NULL THEN
        PERFORM set_config(counter, '0', true);
        UPDATE line_epoch SET number = number + 1 WHERE line = in_line RETURNING number INTO next;
        counts := current_setting(counter) = '0';
    END IF;
    IF counts THEN
        PERFORM set_config(counter, next::text, true);
    END IF;
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

-- Write what the changes of a transaction came to; whoever sets an epoch by hand is left alone.
CREATE FUNCTION line_counted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    counter text := line_counter(NEW.line);
    last bigint := nullif(current_setting(counter, true), '')::bigint;
BEGIN
    PERFORM set_config(counter, '', true);
    UPDATE line_epoch SET number = last WHERE line = NEW.line AND number < last;
    RETURN NULL;
END $$;

-- Deferred triggers that come up in deferred ones fire after all that were waiting.
CREATE CONSTRAINT TRIGGER line_counted AFTER UPDATE ON line_epoch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION line_counted();

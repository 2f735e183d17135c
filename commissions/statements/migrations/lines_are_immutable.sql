-- A line is closed once, by setting closed_run, and nothing else of it ever changes.
CREATE FUNCTION line_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.closed_run IS NULL AND NEW.closed_run IS NOT NULL THEN
        OLD.closed_run := NEW.closed_run;
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a line is closed once and never changed or removed'
        USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER line_is_immutable BEFORE UPDATE OR DELETE ON statements_line
    FOR EACH ROW EXECUTE FUNCTION line_is_immutable();

-- A cause is appended only.
CREATE FUNCTION cause_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'causes are appended only' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER cause_is_append_only BEFORE UPDATE OR DELETE ON statements_cause
    FOR EACH ROW EXECUTE FUNCTION cause_is_append_only();

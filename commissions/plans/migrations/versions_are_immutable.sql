-- A version that was published is never changed and never removed; a draft may be both.
CREATE FUNCTION version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published plan version is never changed or removed'
        USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER version_is_immutable BEFORE UPDATE OR DELETE ON plans_planversion
    FOR EACH ROW EXECUTE FUNCTION version_is_immutable();

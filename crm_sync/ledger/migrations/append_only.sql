-- A revision is closed once and otherwise never changed; a change is never changed.
CREATE FUNCTION revision_is_closed_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.closed IS NULL AND NEW.closed IS NOT NULL
        AND (NEW.id, NEW.entry_id, NEW.opened, NEW.name, NEW.occurred_on, NEW.counts,
             NEW.reversed_on, NEW.currency, NEW.values, NEW.credits, NEW.version,
             NEW.payload, NEW.deleted, NEW.mapping_id, NEW.seen_at)
        IS NOT DISTINCT FROM
            (OLD.id, OLD.entry_id, OLD.opened, OLD.name, OLD.occurred_on, OLD.counts,
             OLD.reversed_on, OLD.currency, OLD.values, OLD.credits, OLD.version,
             OLD.payload, OLD.deleted, OLD.mapping_id, OLD.seen_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a revision is only ever closed, once' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER revision_is_closed_once BEFORE UPDATE OR DELETE ON ledger_revision
    FOR EACH ROW EXECUTE FUNCTION revision_is_closed_once();

CREATE FUNCTION change_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'changes are appended only' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER change_is_append_only BEFORE UPDATE OR DELETE ON ledger_change
    FOR EACH ROW EXECUTE FUNCTION change_is_append_only();

-- A journal balances in each currency at commit, whatever code wrote it; postings and
-- journals are appended only.
CREATE FUNCTION journal_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    uneven text;
BEGIN
    EXECUTE format(
        'SELECT a.currency FROM %1$I.journal_posting p JOIN %1$I.journal_account a
            ON a.id = p.account_id WHERE p.journal_id = $1 GROUP BY a.currency
         HAVING sum(CASE WHEN p.side = ''debit'' THEN p.amount ELSE -p.amount END) <> 0
         LIMIT 1', TG_TABLE_SCHEMA)
        INTO uneven USING NEW.journal_id;
    IF uneven IS NOT NULL THEN
        RAISE EXCEPTION 'journal % does not balance in %', NEW.journal_id, uneven
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER journal_must_balance
    AFTER INSERT ON journal_posting DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION journal_must_balance();

CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is appended only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER posting_is_append_only BEFORE UPDATE OR DELETE ON journal_posting
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();

CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON journal_journal
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();

DROP TRIGGER journal_is_append_only ON journal_journal;
DROP TRIGGER posting_is_append_only ON journal_posting;
DROP FUNCTION journal_is_append_only();
DROP TRIGGER journal_must_balance ON journal_posting;
DROP FUNCTION journal_must_balance();

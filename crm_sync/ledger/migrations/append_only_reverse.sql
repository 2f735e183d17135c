DROP TRIGGER change_is_append_only ON ledger_change;
DROP FUNCTION change_is_append_only();
DROP TRIGGER revision_is_closed_once ON ledger_revision;
DROP FUNCTION revision_is_closed_once();

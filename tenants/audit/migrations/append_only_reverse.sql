DROP TRIGGER audit_table_stays ON audit_auditrow;
DROP TRIGGER audit_rows_stay ON audit_auditrow;
DROP FUNCTION audit_is_append_only();

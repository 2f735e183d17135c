DROP TRIGGER cause_is_append_only ON statements_cause;
DROP FUNCTION cause_is_append_only();
DROP TRIGGER line_is_immutable ON statements_line;
DROP FUNCTION line_is_immutable();

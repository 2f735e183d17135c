DROP TRIGGER version_is_immutable ON plans_planversion;
DROP FUNCTION version_is_immutable();

"""Tell the roll-up which persons the payees are that are there already."""

from django.db import migrations

TELL = """
INSERT INTO public.rollup_payeeidentity
    (group_id, business_id, payee_id, merged_into_id, user_id, email)
SELECT business.group_id, business.id, payee.id, payee.merged_into_id,
    payee.user_id, payee.email
FROM ledger_payee AS payee, public.accounts_business AS business
WHERE business.schema_name = current_schema() AND business.group_id IS NOT NULL
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0007_former_fields"),
        ("rollup", "0002_identities"),
    ]

    operations = [migrations.RunSQL(TELL, migrations.RunSQL.noop)]

"""Which persons the payees are, told to the roll-up, where owners add them up."""

from django.db import connection

from tenants.schema import current_business

_TELL = """
INSERT INTO public.rollup_payeeidentity AS known
    (group_id, business_id, payee_id, merged_into_id, user_id, email)
SELECT %s, %s, id, merged_into_id, user_id, email
FROM ledger_payee WHERE id = ANY(%s) OR merged_into_id = ANY(%s)
ON CONFLICT (business_id, payee_id) DO UPDATE SET
    merged_into_id = EXCLUDED.merged_into_id, user_id = EXCLUDED.user_id,
    email = EXCLUDED.email
"""


def tell_who(*payee_ids: int) -> None:
    """Let the roll-up know these payees, and who was merged into them, as they are."""
    business, wanted = current_business(), list(payee_ids)
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [business.group_id, business.pk, wanted, wanted])

"""Names the credits of a statement that the payee was not allowed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("statements", "0003_opening_balances")]
    operations = [
        migrations.RenameField("statement", "left_out", "credits_left_out"),
    ]

"""The database refuses to change what was observed."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (HERE / "append_only.sql").read_text(),
            (HERE / "append_only_reverse.sql").read_text(),
        )
    ]

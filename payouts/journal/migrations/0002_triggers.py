"""The database refuses an unbalanced journal and any change of a posting."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (HERE / "journal_triggers.sql").read_text(),
            (HERE / "journal_triggers_reverse.sql").read_text(),
        )
    ]

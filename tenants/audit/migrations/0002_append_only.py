"""The database refuses to change or remove a row of the trail, except to seal it once."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (HERE / "append_only.sql").read_text(),
            (HERE / "append_only_reverse.sql").read_text(),
        )
    ]

"""The database refuses to change or remove a plan version that was published."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent


class Migration(migrations.Migration):
    dependencies = [("plans", "0002_previews")]
    operations = [
        migrations.RunSQL(
            (HERE / "versions_are_immutable.sql").read_text(),
            (HERE / "versions_are_immutable_reverse.sql").read_text(),
        )
    ]

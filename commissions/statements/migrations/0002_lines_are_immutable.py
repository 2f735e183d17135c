"""The database refuses to change a line, but for closing it once, and to remove one."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent


class Migration(migrations.Migration):
    dependencies = [("statements", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (HERE / "lines_are_immutable.sql").read_text(),
            (HERE / "lines_are_immutable_reverse.sql").read_text(),
        )
    ]

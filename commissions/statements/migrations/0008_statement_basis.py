"""Adds to statements on what their lines rest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("statements", "0007_undone_once")]

    operations = [
        migrations.AddField(
            model_name="statement",
            name="basis",
            field=models.JSONField(null=True),
        ),
    ]

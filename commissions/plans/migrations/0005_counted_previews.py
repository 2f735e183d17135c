"""A preview of many deals counts the lines that differ, and keeps none of them."""

from django.db import migrations, models

COUNT = "UPDATE plans_previewedstatement SET differ = jsonb_array_length(lines)"


class Migration(migrations.Migration):
    dependencies = [("plans", "0004_plan_notices")]

    operations = [
        migrations.AddField(
            model_name="previewedstatement",
            name="differ",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="previewedstatement",
            name="parts",
            field=models.JSONField(null=True),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]

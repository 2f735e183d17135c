"""A version keeps the types of what its formulas read, as they were at publishing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plans", "0005_counted_previews")]

    operations = [
        migrations.AddField(
            model_name="planversion",
            name="field_types",
            field=models.JSONField(null=True),
        ),
    ]

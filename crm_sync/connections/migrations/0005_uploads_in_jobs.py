from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0004_told_once'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='preview',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='upload',
            name='job_id',
            field=models.UUIDField(null=True),
        ),
    ]

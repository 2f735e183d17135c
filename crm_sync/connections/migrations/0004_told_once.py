from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0003_routing'),
    ]

    operations = [
        migrations.AddField(
            model_name='syncrun',
            name='told_at',
            field=models.DateTimeField(null=True),
        ),
    ]

"""Make exclusion constraints and searching by part of a word possible everywhere."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [BtreeGistExtension(), TrigramExtension()]

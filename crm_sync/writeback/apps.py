"""The Django app writeback."""

from django.apps import AppConfig


class WritebackConfig(AppConfig):
    name = "crm_sync.writeback"
    label = "writeback"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from crm_sync.connections.own_fields import use_own_fields
        from crm_sync.writeback.selectors import written_words
        from crm_sync.writeback.shown import note_shown, paths_written

        use_own_fields(paths_written, note_shown, written_words)

"""Makes `{{ form }}` and `{{ field.as_field_group }}` look like the rest of the frame."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.forms import renderers
from django.utils.functional import cached_property


class FrameRenderer(renderers.DjangoTemplates):
    """Django's own renderer, which also finds our templates; for FORM_RENDERER."""

    form_template_name = "frame/fields.html"

    @cached_property
    def engine(self) -> Any:
        folders = [Path(settings.BASE_DIR) / "templates"]
        folders.append(Path(renderers.__file__).parent / "templates")
        return self.backend(
            {"APP_DIRS": True, "DIRS": folders, "NAME": "frame-forms", "OPTIONS": {}}
        )

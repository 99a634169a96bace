# `docker build .` makes the bot; `docker build --target sandbox .` adds what SANDBOX=1 and the demo need.
FROM python:3.13-slim AS packages
RUN apt-get update && apt-get install --yes --no-install-recommends binutils
RUN python -m venv --without-pip /app/venv
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1 \
    PIP_ONLY_BINARY=:all: \
    PIP_REQUIRE_HASHES=1
COPY requirements.lock /
RUN pip --python /app/venv/bin/python install -r /requirements.lock \
    && find /app/venv -type f -name '*.so*' -exec strip --strip-unneeded {} + \
    && find /app/venv -type f -regex '.*\.\(dll\|pyi\|pxd\|pyx\)' -delete

FROM packages AS sandbox-packages
COPY requirements-demo.lock /
RUN pip --python /app/venv/bin/python install -r /requirements-demo.lock \
    && find /app/venv -type f -name '*.so*' -exec strip --strip-unneeded {} + \
    && find /app/venv -type f -regex '.*\.\(dll\|pyi\|pxd\|pyx\)' -delete

# The system without what installs things, and the bot.
FROM python:3.13-slim AS system
RUN useradd --system --uid 10001 --home-dir /data mouthpiece \
    && mkdir --mode=700 /data && chown mouthpiece /data
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip \
        /usr/local/lib/python3*/idlelib /usr/local/lib/python3*/tkinter /usr/local/include \
    && dpkg --purge --force-depends --force-remove-essential \
        $(dpkg-query --show --showformat '${Package} ' apt 'libapt-pkg*' openssl perl-base)
COPY bot /app/bot
COPY cogs /app/cogs
COPY storage /app/storage
COPY LICENSE NOTICE /app/
ENV PATH=/app/venv/bin:$PATH \
    PYTHONPATH=/app
RUN mkdir -p /app/venv/bin && printf '%s\n' '#!/app/venv/bin/python' \
    'import sys' 'from bot.__main__ import main' 'sys.exit(main())' >/app/venv/bin/mouthpiece \
    && chmod +x /app/venv/bin/mouthpiece

# What is imported here is seen to load, and gets the bytecode of Python's own library written.
FROM system AS bot-files
COPY --from=packages /app/venv /app/venv
RUN python -m compileall -q /app && python -c 'import asyncpg, obstore, bot.__main__, bot.app.process, bot.app.doctor.examine, bot.media.worker'

FROM system AS sandbox-files
COPY --from=sandbox-packages /app/venv /app/venv
RUN python -m compileall -q /app && python -c 'import asyncpg, obstore, bot.__main__, bot.app.process, bot.app.doctor.examine, bot.media.worker, bot.sandbox.demo'

# One layer each, so that what was removed above isn't in it.
FROM scratch AS settings
ENV PATH=/app/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_PATH=/data/mouthpiece.db \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "-S", "/app/bot/app/http_server/health_check.py"]
ENTRYPOINT ["mouthpiece"]
CMD ["run"]

FROM settings AS sandbox
COPY --from=sandbox-files / /
USER mouthpiece
# The demo writes its videos to the current folder.
WORKDIR /data
VOLUME /data

FROM settings AS bot
COPY --from=bot-files / /
USER mouthpiece
WORKDIR /data
VOLUME /data

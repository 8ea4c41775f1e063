# One image for crawler, worker, beat and the command itself: docker-compose.yml says which is which.

FROM python:3.13.16-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv --without-pip /opt/khabar && python -m venv /opt/tools
COPY requirements/main.txt requirements/build.txt requirements/
RUN pip --python /opt/khabar/bin/python install --require-hashes -r requirements/main.txt \
    && /opt/tools/bin/pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY khabar khabar
COPY crawler crawler
COPY workers workers
COPY search search
RUN /opt/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/khabar/bin/python install --no-deps /wheel/*.whl

FROM python:3.13.16-slim-trixie
LABEL org.opencontainers.image.title="Khabar" \
      org.opencontainers.image.description="Media monitoring for opinion journalism" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 khabar \
    && useradd --uid 10001 --gid khabar --home-dir /var/lib/khabar --shell /usr/sbin/nologin khabar \
    && install -d -o khabar -g khabar -m 0750 /var/lib/khabar
COPY --from=build /opt/khabar /opt/khabar
ENV PATH=/opt/khabar/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KHABAR_HOME=/var/lib/khabar
# A number, so that a supervisor can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/khabar
VOLUME /var/lib/khabar
# Of a worker or beat that was told to say that it is alive; a single command has nothing to say.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD test -z "$KHABAR_ALIVE" || test -n "$(find "$KHABAR_ALIVE" -mmin -2)"
CMD ["khabar", "--help"]

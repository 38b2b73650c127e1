# Build stage: the package and what serving needs, in a virtual environment.
FROM python:3.11-slim AS build
# [multilingual] for passages in other languages than English: docker build --build-arg 'EXTRAS=[multilingual]' .
ARG EXTRAS=
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY framing framing
RUN python3 -m venv /opt/framing \
 && /opt/framing/bin/pip install --no-cache-dir ".$EXTRAS" \
 && /opt/framing/bin/pip uninstall --yes pip setuptools \
 && find /opt/framing -name '*.pyi' -delete

# Beside the server, only where asked for (--target registry): the MLflow server and the process that follows it. No torch.
FROM build AS build-registry
COPY training training
RUN python3 -m venv /opt/registry \
 && /opt/registry/bin/pip install --no-cache-dir ".[registry]"

FROM python:3.11-slim AS registry
COPY --from=build-registry /opt/registry /opt/registry
ENV PATH=/opt/registry/bin:$PATH HOME=/tmp MLFLOW_DISABLE_TELEMETRY=true PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --system --no-create-home framing && install --directory --owner=framing /live
USER framing
WORKDIR /tmp
CMD ["framing", "models", "follow", "/live/model"]

# Final stage: neither a compiler nor a package manager of ours, no root, nothing written.
FROM python:3.11-slim AS serve
COPY --from=build /opt/framing /opt/framing
COPY models/default /models/default
COPY models/default-multilingual /models/default-multilingual
ENV FRAMING_MODEL=/models/default FRAMING_HOST=0.0.0.0 FRAMING_PORT=8000 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --system --no-create-home framing && install --directory --owner=framing /live /labels
USER framing
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s \
  CMD ["/opt/framing/bin/python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"FRAMING_PORT\"]}/healthz', timeout=2)"]
CMD ["/opt/framing/bin/framing", "serve"]

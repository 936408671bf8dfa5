# The dashboard in a container: `web` is the server, `worker` adds the demonstration's trainer.
# docker compose up   (compose.yaml), or: docker build --target web -t heimdall .
FROM python:3.11-slim AS web

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN useradd --create-home heimdall && mkdir /data && chown heimdall /data
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY heimdall_dash heimdall_dash
RUN pip install --constraint constraints.txt ".[server]"
COPY app.py Procfile ./
COPY trainer trainer

USER heimdall
ENV HEIMDALL_DATA=/data HOST=0.0.0.0 PORT=8001
EXPOSE 8001
VOLUME /data
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:8001/health/live', headers={'Authorization': 'Bearer ' + os.environ.get('HEIMDALL_TOKEN', '')}))"]
CMD ["python", "app.py"]

FROM web AS worker

USER root
# The CPU build of PyTorch; for a GPU, take the index of your CUDA version.
RUN pip install --constraint constraints.txt pandas tqdm \
    && pip install --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
USER heimdall
HEALTHCHECK NONE
CMD ["python", "-m", "trainer", "worker"]

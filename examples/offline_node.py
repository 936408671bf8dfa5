"""A cluster node without a network: train now, bring it later from where there is a dashboard.

HEIMDALL_DATA=/scratch/me/runs python offline_node.py
heimdall sync /scratch/me/runs --url http://the-dashboard:8001
"""

import os

os.environ.setdefault("HEIMDALL_DATA", "runs")
os.environ.pop("HEIMDALL_URL", None)

from heimdall_dash import Job

with Job.start("offline node", total_epochs=10, config={"node": os.uname().nodename}) as job:
    for epoch in range(1, 11):
        job.log(epoch, train_loss=1 / epoch)

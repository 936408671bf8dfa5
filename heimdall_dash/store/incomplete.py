"""What is left of a store whose base file is missing: jobs that were made since are whole and stay,
of older ones only the latest changes are there. Those are removed, so that their local logs can
bring them again.
"""

from typing import Any

import redis

from heimdall_dash.store.keys import JOBS, JobKeys

MADE_WITH = ("id", "stream", "created_at")  # fields that a job's creation alone writes
QUEUED_WITH = ("created_at", "data")  # the same of RQ's
RQ_JOBS = "rq:job:"
TIMEOUT_S = 60.0


def remove_incomplete(url: str) -> int:
    """Remove what is not whole, and write all that stays into a new base file; how many jobs are
    gone. Raises RedisError."""
    client: Any = redis.Redis.from_url(url, decode_responses=True, socket_timeout=TIMEOUT_S)
    try:
        ids = {_job_id(key) for key in client.scan_iter("heimdall:{*}:*", count=1000)}
        broken = [job_id for job_id in ids if not _is_whole(client, JobKeys(job_id).job, MADE_WITH)]
        removed = [job_id for job_id in broken if _remove(client, JobKeys(job_id))]
        for key in client.scan_iter(RQ_JOBS + "*", count=1000):
            if client.type(key) == "hash" and not _is_whole(client, key, QUEUED_WITH):
                client.unlink(key)
        client.bgrewriteaof()
        return len(removed)
    finally:
        client.close()


def _remove(client: Any, keys: JobKeys) -> bool:
    """Whether there was anything of the job beside its tombstone, which stays."""
    client.zrem(JOBS, keys.job_id)
    return bool(client.unlink(keys.job, *keys.others))


def _is_whole(client: Any, key: str, fields: tuple[str, ...]) -> bool:
    return None not in client.hmget(key, fields)


def _job_id(key: str) -> str:
    return key.partition("{")[2].partition("}")[0]

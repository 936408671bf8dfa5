"""All that is known of Redis: keys, scripts, pub/sub, the embedded server. (The queue's entries are
RQ's; `heimdall_dash.entries` looks at those.)"""

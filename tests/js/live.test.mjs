import assert from "node:assert/strict";
import { test } from "node:test";
import { JobFeed } from "../../heimdall_dash/browser/runs/job_feed.js";
import { JobsFeed } from "../../heimdall_dash/browser/runs/jobs_feed.js";
import { golden } from "./golden.mjs";

/** What was sent, without the running number of the outbox. */
const without = ({ n: _, ...rest }) => rest;
const job = { id: "j", job_name: "VHF", status: "running", attempt: 1 };

/** A browser without a browser: what the feed asked for is written down, the clock is ours. */
function setUp(snapshot = { stream: "s", cursor: "1-1", total: 2, columns: { epoch: [0, 1], a: [1, 2] } }) {
  const seen = { urls: [], sent: [], later: [], time: 100, draws: [], store: [] };
  const world = {
    call: async (_, path) => structuredClone(path.includes("/metrics") ? snapshot : { job, facts: {}, notes: [] }),
    setUrl: (url) => seen.urls.push(url), send: (text) => seen.sent.push(without(JSON.parse(text))),
    now: () => seen.time, later: (f) => seen.later.push(f), random: () => 0.5,
  };
  const feed = new JobFeed(world, golden("rules.json"), {
    changed() {}, job() {}, facts() {}, store: (isAvailable) => seen.store.push(isAvailable),
    epochs: () => new Promise((resolve) => seen.draws.push(resolve)),
  });
  const say = (frame) => feed.onMessage({ data: JSON.stringify(frame), timeStamp: (seen.time += 1) });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { feed, seen, say, settle, snapshot };
}

const metrics = (after, cursor, seq, stream = "s") => {
  const epoch = Array.from({ length: cursor - after }, (_, i) => after + 1 + i);
  return { event: "metrics", stream, after: `${after}-1`, cursor: `${cursor}-1`, seq, job, columns: { epoch, a: epoch } };
};
const sync = (cursor, more) => ({ event: "sync", job, stream: "s", cursor: `${cursor}-1`, recovered: true, available: true, seq: 1, ...more });
const synced = { ack: "1-1", seq: 1 };

test("the live part begins at the snapshot's cursor, and a frame is acknowledged after its draw", async () => {
  const { feed, seen, say, settle } = setUp();
  await feed.choose("j");
  assert.equal(seen.urls.at(-1), "/j?after=1-1&stream=s&n=1");
  assert.equal(feed.badge(), "connecting");
  say(sync(3));
  assert.equal(feed.badge(), "connected");
  assert.deepEqual(seen.sent, [{ ack: "3-1", seq: 1 }], "the sync, too, is acknowledged");
  say(metrics(1, 3, 8));
  await settle();
  assert.equal(seen.sent.length, 1);
  seen.draws.at(-1)();
  seen.later.shift()();
  await settle();
  assert.deepEqual(seen.sent.slice(1), [{ ack: "3-1", seq: 8 }]);
  assert.deepEqual(feed.store.columns.epoch, [0, 1, 2, 3]);
});

test("a frame before the sync of its connection is refused: what the sync said is lost", async () => {
  for (const frame of [metrics(1, 2, 8), { event: "job", job, cursor: "1-1", seq: 8 }, { event: "store", available: true, cursor: "1-1", seq: 8 }]) {
    const { feed, seen, say } = setUp();
    await feed.choose("j");
    say({ event: "heartbeat", cursor: "1-1" });
    say(frame);
    assert.equal(feed.badge(), "connecting");
    assert.deepEqual(feed.store.columns.epoch, [0, 1]);
    seen.time += 20_000;
    feed.tick();
    assert.equal(seen.urls.at(-1), "/j?after=1-1&stream=s&n=2");
  }
});

test("the badge says connected only while the server itself hears the store", async () => {
  const { feed, say } = setUp();
  await feed.choose("j");
  say(sync(1, { available: false }));
  assert.deepEqual([feed.badge(), feed.isCurrent()], ["connecting", false]);
  say({ event: "store", available: true, cursor: "1-1", seq: 2 });
  assert.deepEqual([feed.badge(), feed.isCurrent()], ["connected", true]);
  say({ event: "store", available: false, cursor: "1-1", seq: 3 });
  assert.deepEqual([feed.badge(), feed.isCurrent()], ["connecting", false]);
});

test("a history that is too wide for one answer is asked for with fewer epochs", async () => {
  const { feed, seen, snapshot } = setUp();
  const asked = [];
  feed.world.call = async (_, path) => {
    if (!path.includes("/metrics")) return { job, facts: {}, notes: [] };
    asked.push(Number(/points=(\d+)/.exec(path)[1]));
    if (asked.length < 3) throw Object.assign(new Error("too large"), { status: 413 });
    return structuredClone(snapshot);
  };
  await feed.choose("j");
  assert.deepEqual(asked, [20_000, 5_000, 1_250]);
  assert.equal(feed.state, "ready");
  assert.equal(seen.urls.length, 2);
});

test("a gap is never drawn over: the feed comes back with its own cursor", async () => {
  const { feed, seen, say } = setUp();
  await feed.choose("j");
  say(sync(9));
  say(metrics(5, 6, 8));
  assert.deepEqual(feed.store.columns.epoch, [0, 1]);
  assert.equal(feed.badge(), "connecting");
  seen.time += 20_000;
  feed.tick();
  assert.equal(seen.urls.at(-1), "/j?after=1-1&stream=s&n=2");
});

test("a connection that cannot recover reloads the snapshot first", async () => {
  const { feed, seen, say, settle, snapshot } = setUp();
  await feed.choose("j");
  Object.assign(snapshot, { stream: "t", cursor: "0-1", columns: { epoch: [0], a: [9] } });
  say(sync(0, { stream: "t", recovered: false }));
  await settle();
  await settle();
  assert.deepEqual({ ...feed.store.columns }, { epoch: [0], a: [9] });
  assert.equal(seen.urls.at(-1), "/j?after=0-1&stream=t&n=2");
});

test("what an older socket said is ignored", async () => {
  const { feed, seen } = setUp();
  await feed.choose("j");
  feed.onMessage({ data: JSON.stringify(metrics(1, 2, 8)), timeStamp: seen.time - 50 });
  assert.equal(feed.store.cursor, "1-1");
});

test("frames of a job that is no longer chosen are ignored", async () => {
  const { feed, say } = setUp();
  await feed.choose("j");
  say({ ...metrics(1, 2, 8), job: { ...job, id: "other" } });
  assert.equal(feed.store.cursor, "1-1");
});

test("a lost link goes on from the newest epoch", async () => {
  const { feed, seen, say, settle } = setUp();
  await feed.choose("j");
  say(sync(1));
  say(metrics(1, 4, 8));
  feed.onState({ readyState: 3, code: 1006, timeStamp: (seen.time += 1) });
  assert.equal(feed.badge(), "connecting");
  seen.draws.at(-1)();
  await settle();
  assert.deepEqual(seen.sent, [synced], "an acknowledgement of the old connection is not sent on the new one");
  feed.wake();
  assert.equal(seen.urls.at(-1), "/j?after=4-1&stream=s&n=2");
});

test("1000 after the job's end hides the badge, 4504 says that the job is gone", async () => {
  const { feed, seen, say } = setUp();
  await feed.choose("j");
  say(sync(1));
  say({ event: "job", job: { ...job, status: "completed" }, cursor: "1-1", seq: 3 });
  feed.onState({ readyState: 3, code: 1000, timeStamp: (seen.time += 1) });
  assert.equal(feed.badge(), "hidden");
  const other = setUp();
  await other.feed.choose("j");
  other.feed.onState({ readyState: 3, code: 4504, reason: "deleted", timeStamp: (other.seen.time += 1) });
  assert.equal(other.feed.state, "unknown");
  assert.deepEqual(other.feed.refusal, { code: 4504, reason: "deleted" });
});

test("the chosen update rate is told to each new connection", async () => {
  const { feed, seen, say } = setUp();
  await feed.choose("j");
  feed.setInterval(5000);
  assert.deepEqual(seen.sent, []);
  say(sync(1));
  assert.deepEqual(seen.sent, [{ interval_ms: 5000 }]);
  seen.later.shift()();
  assert.deepEqual(seen.sent.at(-1), synced);
});

test("a store outage is told and acknowledged", async () => {
  const { feed, seen, say } = setUp();
  await feed.choose("j");
  say(sync(1));
  seen.later.shift()();
  say({ event: "store", available: false, cursor: "1-1", seq: 4 });
  assert.deepEqual([seen.store, seen.sent.at(-1)], [[true, false], { ack: "1-1", seq: 4 }]);
});

test("a server that does not answer is asked again, later and later", async () => {
  const { feed, seen } = setUp();
  feed.world.call = async () => { throw new TypeError("Failed to fetch"); };
  await feed.choose("j");
  assert.equal(feed.badge(), "connecting");
  const first = feed.loadAt - seen.time;
  seen.time = feed.loadAt;
  feed.tick();
  await feed.loading;
  assert.ok(feed.loadAt - seen.time >= first);
});

test("a frame that counts other notes makes the page ask for them, once at a time", async () => {
  const { feed, seen, settle } = setUp();
  const { snapshot, steps } = golden("metrics_frames.json");
  const named = (name) => steps.find((step) => step.name === name).frame;
  const asked = [];
  let notes = [];
  const shown = () => ({ job: { ...named("sync").job, notes_revision: notes.length }, facts: {}, notes });
  feed.world.call = async (_, path) => {
    asked.push(path);
    return structuredClone(path.includes("/metrics") ? snapshot : shown());
  };
  await feed.choose(snapshot.job_id);
  const say = (frame) => feed.onMessage({ data: JSON.stringify(frame), timeStamp: (seen.time += 1) });
  say(named("sync"));
  await settle();
  assert.equal(asked.length, 2, "nothing but the snapshot");
  notes = [{ kind: "warning", epoch: 3, message: "not finite: val_loss" }];
  say(named("a job frame that counts one more note"));
  say(named("a job frame that counts one more note"));
  await settle();
  assert.deepEqual(asked.slice(2), [`/jobs/${snapshot.job_id}`]);
  assert.deepEqual(feed.notes, notes);
});

test("notes that could not be fetched are asked for again", async () => {
  const { feed, seen, say, settle } = setUp();
  await feed.choose("j");
  say(sync(1));
  let failures = 0;
  feed.world.call = async () => { failures += 1; throw new TypeError("Failed to fetch"); };
  say({ event: "job", job: { ...job, notes_revision: 1 }, cursor: "1-1", seq: 3 });
  await settle();
  feed.tick();
  assert.equal(failures, 1);
  seen.time += 600;
  feed.tick();
  await settle();
  assert.equal(failures, 2);
});

test("a job that was over and is begun again is followed again", async () => {
  const { feed, seen, say, settle } = setUp();
  await feed.choose("j");
  say(sync(1));
  say({ event: "job", job: { ...job, status: "failed" }, cursor: "1-1", seq: 3 });
  feed.onState({ readyState: 3, code: 1000, timeStamp: (seen.time += 1) });
  feed.listed(job);
  await settle();
  assert.equal(feed.job.status, "failed", "what the list says is older");
  feed.world.call = async (_, path) => structuredClone(path.includes("/metrics")
    ? { stream: "s", cursor: "1-1", total: 2, columns: { epoch: [0, 1], a: [1, 2] } } : { job: { ...job, attempt: 2 }, facts: {}, notes: [] });
  feed.listed({ ...job, attempt: 2 });
  await settle();
  await settle();
  assert.equal(feed.job.status, "running");
  assert.match(seen.urls.at(-1), /^\/j\?after=1-1&stream=s/);
});

test("the list of jobs is replaced by a sync and changed by what follows", () => {
  const sent = [];
  const list = new JobsFeed({ setUrl() {}, send: (text) => sent.push(without(JSON.parse(text))), now: () => 1, later: (f) => f(), random: () => 0 }, { changed() {}, jobs() {}, store() {}, synced() {} });
  list.start();
  const say = (frame) => list.onMessage({ data: JSON.stringify(frame), timeStamp: 2 });
  say({ event: "sync", jobs: [{ id: "a" }, { id: "b" }], deleted: [], cursor: 4, recovered: true, available: true, seq: 4 });
  assert.deepEqual(sent.at(-1), { ack: 4 });
  say({ event: "jobs", jobs: [{ id: "c" }], deleted: ["a"], cursor: 5, seq: 5 });
  assert.deepEqual([...list.jobs.keys()], ["b", "c"]);
  assert.deepEqual(sent.at(-1), { ack: 5 });
});

test("a job that the server did not know is loaded again once the list of all jobs has it", async () => {
  const { feed, say, settle, seen } = setUp();
  await feed.choose("j");
  say(sync(1));
  feed.onState({ readyState: 3, code: 4504, reason: "unknown job", timeStamp: (seen.time += 1) });
  assert.equal(feed.state, "unknown");
  assert.equal(feed.badge(), "hidden");
  feed.listed(job);
  await settle();
  assert.equal(feed.state, "ready");
  assert.match(seen.urls.at(-1), /^\/j\?after=1-1&stream=s/);
});

test("the list of jobs tells when it is in step with the server again", () => {
  let syncs = 0;
  const world = { setUrl() {}, send() {}, now: () => 1, later() {}, random: () => 0.5 };
  const list = new JobsFeed(world, { changed() {}, jobs() {}, store() {}, synced: () => (syncs += 1) });
  list.start();
  list.onMessage({ data: JSON.stringify({ event: "sync", jobs: [job], deleted: [], cursor: 1 }), timeStamp: 2 });
  list.onMessage({ data: JSON.stringify({ event: "jobs", jobs: [job], deleted: [], cursor: 2, seq: 2 }), timeStamp: 3 });
  assert.equal(syncs, 1);
});

test("changes of a list that nobody knows are refused: the link begins again", () => {
  const urls = [];
  const world = { setUrl: (url) => urls.push(url), send() {}, now: () => 1, later() {}, random: () => 0.5 };
  const list = new JobsFeed(world, { changed() {}, jobs() {}, store() {}, synced() {} });
  list.start();
  list.onMessage({ data: JSON.stringify({ event: "jobs", jobs: [job], deleted: [], cursor: 2, seq: 2 }), timeStamp: 2 });
  assert.deepEqual([list.jobs.size, list.isKnown, list.link.state, urls.at(-1)], [0, false, "waiting", ""]);
});

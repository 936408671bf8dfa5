import assert from "node:assert/strict";
import { test } from "node:test";
import { JobFeed } from "../../heimdall_dash/browser/runs/job_feed.js";
import { JobsFeed, changed } from "../../heimdall_dash/browser/runs/jobs_feed.js";
import { Watch } from "../../heimdall_dash/browser/runs/watch.js";
import { leftOut } from "../../heimdall_dash/browser/series/named.js";
import { seriesOf } from "../../heimdall_dash/browser/series/series.js";
import { golden } from "./golden.mjs";

/** What was sent, without the running number of the outbox. */
const without = ({ n: _, ...rest }) => rest;
const job = { id: "j", job_name: "VHF", status: "running", attempt: 1 };

/** A browser without a browser: what the feeds asked for is written down, the clock is ours. */
function setUp(snapshot = { stream: "s", cursor: "1-1", total: 2, columns: { epoch: [0, 1], a: [1, 2] } }) {
  const seen = { urls: [], sent: [], later: [], asked: [], time: 100, draws: [], store: [], jobs: 0, syncs: 0, number: 0, job };
  const world = {
    call: async (_, path) => {
      seen.asked.push(path);
      return structuredClone(path.includes("/metrics") ? snapshot : { job: seen.job, facts: {}, notes: [], metric_names: ["a"] });
    },
    setUrl: (url) => seen.urls.push(url), send: (text) => seen.sent.push(without(JSON.parse(text))),
    now: () => seen.time, later: (f) => seen.later.push(f), random: () => 0.5,
  };
  const watch = new Watch(world, golden("rules.json"), {
    changed() {}, facts() {}, arrived: () => new Promise((resolve) => seen.draws.push(resolve)),
  });
  const list = new JobsFeed(world, {
    changed() {}, jobs: () => (seen.jobs += 1), store: (isAvailable) => seen.store.push(isAvailable), synced: () => (seen.syncs += 1),
  }, watch);
  const feed = new JobFeed(watch, list);
  const say = (frame) => list.onMessage({ data: JSON.stringify({ cursor: (seen.number += 1), ...frame }), timeStamp: (seen.time += 1) });
  const settle = async () => {
    for (let i = 0; i < 20; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.later.splice(0).forEach((f) => f());
    }
  };
  const drawn = async () => {
    seen.draws.splice(0).forEach((f) => f());
    await settle();
  };
  const part = (said) => say({ event: "metrics", jobs: { j: said } });
  const watches = () => seen.sent.filter((said) => said.watch).map((said) => said.watch);
  const connect = async (more = {}, jobs = [job]) => {
    list.start();
    say({ event: "sync", jobs, deleted: [], recovered: true, available: true, ...more });
    await settle();
  };
  const lose = (code = 1006, reason = "") => list.onState({ readyState: 3, code, reason, timeStamp: (seen.time += 1) });
  return { feed, list, watch, seen, say, part, settle, drawn, watches, connect, lose, snapshot, world };
}

const cells = (after, cursor, stream = "s") => {
  const epoch = Array.from({ length: cursor - after }, (_, i) => after + 1 + i);
  return { stream, after: `${after}-1`, cursor: `${cursor}-1`, columns: { epoch, a: epoch } };
};
const first = { recovered: true, job, stream: "s", after: "1-1", cursor: "1-1" };
const stands = { j: { after: "1-1", stream: "s", metrics: null } };

/** A page that shows a job, connected, the first part of which has come. */
async function live(snapshot) {
  const all = setUp(snapshot);
  await all.connect();
  await Promise.all([all.feed.choose("j"), all.settle()]);
  await all.settle();
  all.part(first);
  await all.drawn();
  return all;
}

test("the live part begins at the snapshot's cursor, and a frame is acknowledged after its draw", async () => {
  const { feed, seen, part, settle, drawn, watches, connect } = setUp();
  await connect();
  await Promise.all([feed.choose("j"), settle()]);
  await settle();
  assert.deepEqual(watches().at(-1), stands);
  assert.equal(feed.badge(), "connecting");
  part(first);
  await settle();
  assert.equal(feed.badge(), "connected");
  const before = seen.sent.length;
  part(cells(1, 3));
  await settle();
  assert.equal(seen.sent.length, before);
  await drawn();
  assert.deepEqual(seen.sent.at(-1), { ack: seen.number });
  assert.deepEqual(feed.store.columns.epoch, [0, 1, 2, 3]);
  assert.deepEqual(feed.names, ["a"]);
});

test("a frame before the sync of its connection is refused: what the sync said is lost", async () => {
  for (const frame of [{ event: "metrics", jobs: { j: cells(1, 2) } }, { event: "jobs", jobs: [job] }, { event: "store", available: true }]) {
    const { feed, list, seen, say, settle } = setUp();
    list.start();
    await Promise.all([feed.choose("j"), settle()]);
    say({ event: "heartbeat" });
    say(frame);
    assert.equal(feed.badge(), "connecting");
    assert.deepEqual([feed.store.columns.epoch, list.jobs.size, list.isKnown], [[0, 1], 0, false]);
    seen.time += 20_000;
    list.tick();
    assert.equal(seen.urls.at(-1), "?n=2");
  }
});

test("the badge says connected only while the server itself hears the store", async () => {
  const { feed, say, part, settle, connect, seen } = setUp();
  await connect({ available: false });
  await Promise.all([feed.choose("j"), settle()]);
  await settle();
  part(first);
  assert.deepEqual([feed.badge(), feed.isCurrent()], ["connecting", false]);
  await settle();
  say({ event: "store", available: true });
  assert.deepEqual([feed.badge(), feed.isCurrent()], ["connected", true]);
  await settle();
  assert.deepEqual(seen.sent.at(-1), { ack: seen.number });
  say({ event: "store", available: false });
  assert.deepEqual([feed.badge(), feed.isCurrent()], ["connecting", false]);
  assert.deepEqual(seen.store, [false, true, false]);
});

/** A job whose history the server calls too large: `table` is what it holds, by metric and epoch. */
function largeOf({ world, seen }, table, at = () => "9-1") {
  const asked = [];
  world.call = async (_, path) => {
    seen.asked.push(path);
    const query = new URLSearchParams(path.split("?")[1]);
    if (path.includes("/metrics")) return { columns: null };
    if (!path.includes("/series")) return { job: { ...job, status: "running" }, facts: {}, notes: [], metric_names: Object.keys(table) };
    const [after, before] = [Number(query.get("after") ?? -1), Number(query.get("before") ?? Infinity)];
    asked.push({ metrics: query.getAll("metrics"), after, before });
    const series = Object.fromEntries(query.getAll("metrics").map((name) => {
      const held = Object.entries(table[name] ?? {}).map(([epoch, value]) => [Number(epoch), value]).filter(([epoch]) => epoch > after && epoch < before);
      const shown = after < 0 && held.length > 4 ? [held[0], held.at(-1)] : held;
      return [name, { epoch: shown.map(([epoch]) => epoch), value: shown.map(([, value]) => value), timestamp: shown.map(() => "t"), total: held.length }];
    }));
    return { stream: "s", cursor: at(), total: 9, series };
  };
  return asked;
}

test("of a large history only what somebody looks at is held: each metric on rows of its own", async () => {
  const setup = setUp();
  const { feed, settle, drawn, watches } = setup;
  const table = { loss: { 1: 10, 5: 50, 9: 90 }, lr: { 2: 0.2, 4: 0.4 }, unseen: { 1: 1 } };
  const asked = largeOf(setup, table);
  await setup.connect();
  await Promise.all([feed.choose("j"), settle()]);
  assert.deepEqual(asked.map(({ metrics }) => metrics), [["loss"]], "a loss is asked for before anybody looks");
  assert.deepEqual(watches().at(-1).j.metrics, ["loss"]);
  feed.run.wanted.want(["lr", "nobody's"]);
  assert.equal(feed.isAwaited("lr"), true);
  await settle();
  await drawn();
  assert.deepEqual(asked[1].metrics, ["lr"]);
  assert.deepEqual(watches().at(-1).j, { after: "9-1", stream: "s", metrics: ["loss", "lr"] }, "told before it was asked for");
  const rows = (name) => { const { epochs, values } = seriesOf(feed.store, name); return Object.fromEntries(epochs.map((epoch, i) => [epoch, values[i]])); };
  assert.deepEqual([rows("loss"), rows("lr"), seriesOf(feed.store, "unseen")], [table.loss, table.lr, null]);
  assert.equal(feed.isAwaited("lr"), false);
});

test("of a large history nobody asks for metrics that the job does not have", async () => {
  const setup = setUp();
  const { feed, settle } = setup;
  const asked = largeOf(setup, { loss: { 1: 10 }, lr: { 2: 0.2 } });
  await setup.connect();
  const choosing = feed.choose("j");
  feed.run.wanted.want(["train_loss", "lr"]); // of a preset that stands until the metrics are known
  await Promise.all([choosing, settle()]);
  assert.deepEqual(asked.map(({ metrics }) => metrics), [["lr", "loss"]]);
  assert.deepEqual(feed.run.names, ["loss", "lr"], "or the preset's chart would stay, without a line");
});

test("what was written while a metric was asked for is not overwritten by the older answer", async () => {
  const setup = setUp();
  const { feed, settle, part, drawn } = setup;
  largeOf(setup, { loss: { 1: 10 }, lr: { 9: 0.9 } });
  await setup.connect();
  await Promise.all([feed.choose("j"), settle()]);
  await settle();
  part({ recovered: true, stream: "s", after: "9-1", cursor: "9-1", job });
  await settle();
  const answers = setup.world.call;
  let open = () => {};
  const gate = new Promise((resolve) => { open = resolve; });
  setup.world.call = async (method, path) => {
    const answer = await answers(method, path);
    if (path.includes("metrics=lr")) await gate;
    return answer;
  };
  feed.run.wanted.want(["lr"]);
  await settle();
  part({ stream: "s", after: "9-1", cursor: "10-1", columns: { epoch: [9, 10], timestamp: ["t", "t"], lr: [0.99, 1] } });
  await settle();
  await drawn();
  assert.deepEqual(seriesOf(feed.store, "lr").values, [0.99, 1]);
  open();
  await settle();
  await drawn();
  assert.deepEqual([seriesOf(feed.store, "lr").values, feed.isAwaited("lr")], [[0.99, 1], false]);
  part({ stream: "s", after: "10-1", cursor: "10-1", columns: { epoch: [8], timestamp: ["t"], lr: [0.8] } });
  assert.deepEqual(seriesOf(feed.store, "lr"), { ...seriesOf(feed.store, "lr"), epochs: [8, 9, 10], values: [0.8, 0.99, 1] }, "cells that it was owed");
});

test("a close look brings every step of its stretch, once", async () => {
  const setup = setUp();
  const { feed, settle, drawn } = setup;
  const loss = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i, i * i]));
  const asked = largeOf(setup, { loss });
  await setup.connect();
  await Promise.all([feed.choose("j"), settle()]);
  assert.deepEqual(leftOut(feed.store, "loss"), { returned: 2, total: 100 });
  await feed.run.wanted.look(["loss"], "epoch", [10.5, 20.2]);
  await feed.run.wanted.look(["loss"], "epoch", [10.5, 20.2]);
  await drawn();
  assert.equal(asked.length, 2);
  const inside = seriesOf(feed.store, "loss").epochs.filter((epoch) => epoch >= 10 && epoch <= 21);
  assert.deepEqual(inside, Array.from({ length: 12 }, (_, i) => i + 10));
});

test("what is left out of a history stays left out, however much comes after it", async () => {
  const setup = setUp();
  const { feed, part, settle, drawn } = setup;
  largeOf(setup, { loss: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, i])) });
  await setup.connect();
  await Promise.all([feed.choose("j"), settle()]);
  await settle();
  part({ recovered: true, stream: "s", after: "9-1", cursor: "9-1", job });
  assert.deepEqual(leftOut(feed.store, "loss"), { returned: 2, total: 10 });
  const epochs = Array.from({ length: 20 }, (_, i) => i + 10);
  part({ stream: "s", after: "9-1", cursor: "29-1", columns: { epoch: epochs, timestamp: epochs.map(() => "t"), loss: epochs } });
  await settle();
  await drawn();
  assert.deepEqual(leftOut(feed.store, "loss"), { returned: 22, total: 30 });
});

test("a gap is never drawn over: the history is loaded again, and the server hears where it ends", async () => {
  const { feed, part, settle, drawn, watches, snapshot } = await live();
  Object.assign(snapshot, { cursor: "7-1", total: 3, columns: { epoch: [0, 1, 7], a: [1, 2, 7] } });
  part(cells(5, 6));
  assert.deepEqual(feed.store.columns.epoch, [0, 1]);
  assert.equal(feed.badge(), "connecting");
  await settle();
  await drawn();
  assert.deepEqual(feed.store.columns.epoch, [0, 1, 7]);
  assert.deepEqual(watches().slice(-2), [{}, { j: { after: "7-1", stream: "s", metrics: null } }]);
  assert.equal(feed.badge(), "connecting", "until the server says that it goes on from there");
  part({ ...first, after: "7-1", cursor: "7-1" });
  assert.equal(feed.badge(), "connected");
});

test("parts that belong to where the page stood before are not drawn", async () => {
  const { feed, part, settle, snapshot } = await live();
  Object.assign(snapshot, { cursor: "2-1", columns: { epoch: [0, 1], a: [8, 9] } });
  part({ recovered: false, stream: "s", cursor: "2-1" });
  part(cells(2, 3));
  await settle();
  part(cells(2, 3));
  assert.deepEqual(feed.store.columns.a, [8, 9]);
});

test("a server that cannot go on makes the page load the history first", async () => {
  const { feed, part, settle, watches, snapshot } = await live();
  Object.assign(snapshot, { stream: "t", cursor: "0-1", columns: { epoch: [0], a: [9] } });
  part({ recovered: false, stream: "t", cursor: "0-1" });
  await settle();
  assert.deepEqual({ ...feed.store.columns }, { epoch: [0], a: [9] });
  assert.deepEqual(watches().at(-1), { j: { after: "0-1", stream: "t", metrics: null } });
});

test("what an older socket said, or what is about another job, is ignored", async () => {
  const { feed, list, seen, say } = await live();
  list.onMessage({ data: JSON.stringify({ event: "metrics", jobs: { j: cells(1, 2) }, cursor: 9 }), timeStamp: seen.time - 5000 });
  say({ event: "metrics", jobs: { other: cells(1, 2) } });
  assert.equal(feed.store.cursor, "1-1");
});

test("a lost link goes on from the newest epoch", async () => {
  const { feed, list, seen, part, drawn, watches, connect, lose, settle } = await live();
  part(cells(1, 4));
  lose();
  assert.equal(feed.badge(), "connecting");
  const before = seen.sent.length;
  await drawn();
  assert.equal(seen.sent.length, before, "an acknowledgement of the old connection is not sent on the new one");
  list.wake();
  assert.equal(seen.urls.at(-1), "?n=2");
  await connect();
  await settle();
  assert.deepEqual(watches().at(-1), { j: { after: "4-1", stream: "s", metrics: null } });
});

test("the end of the job hides the badge; one that is gone is unknown, and loaded again once it is listed", async () => {
  const { feed, part, settle } = await live();
  part({ job: { status: "completed" }, closed: { code: 1000, reason: "the job is over" } });
  await settle();
  assert.deepEqual([feed.badge(), feed.job.status, feed.job.job_name], ["hidden", "completed", "VHF"]);
  const other = await live();
  other.part({ closed: { code: 4504, reason: "deleted" } });
  assert.deepEqual([other.feed.state, other.feed.badge(), other.feed.refusal], ["unknown", "hidden", { code: 4504, reason: "deleted" }]);
  await other.settle();
  other.watch.listed(other.list.jobs);
  await other.settle();
  assert.equal(other.feed.state, "ready");
  assert.deepEqual(other.watches().at(-1), stands);
});

test("a job that cannot be told of at present is asked for again", async () => {
  const { feed, watch, seen, part, settle, watches } = await live();
  part({ closed: { code: 4003, reason: "the store does not have this job at present" } });
  assert.equal(feed.badge(), "connecting");
  await settle();
  const before = watches().length;
  seen.time += 5000;
  watch.tick();
  await settle();
  assert.ok(watches().length > before);
  assert.deepEqual(watches().at(-1), stands);
});

test("the chosen update rate is told to each new connection", async () => {
  const { list, seen, connect, settle } = setUp();
  list.setInterval(5000);
  assert.deepEqual(seen.sent, []);
  await connect();
  await settle();
  assert.deepEqual(seen.sent, [{ interval_ms: 5000 }, { ack: 1 }, { watch: {} }]);
});

test("a server that does not answer is asked again, later and later", async () => {
  const { feed, watch, seen, settle, world } = setUp();
  world.call = async () => { throw new TypeError("Failed to fetch"); };
  await Promise.all([feed.choose("j"), settle()]);
  assert.equal(feed.badge(), "connecting");
  const wait = feed.loadAt - seen.time;
  seen.time = feed.loadAt;
  watch.tick();
  await settle();
  assert.ok(feed.loadAt - seen.time >= wait);
});

test("a part that counts other notes makes the page ask for them, once at a time, and again when that fails", async () => {
  const { feed, watch, seen, part, settle, world } = await live();
  const before = seen.asked.length;
  part({ job: { notes_revision: 1 } });
  part({ job: { notes_revision: 1 } });
  await settle();
  assert.deepEqual(seen.asked.slice(before), ["/jobs/j"]);
  let failures = 0;
  world.call = async () => { failures += 1; throw new TypeError("Failed to fetch"); };
  seen.time += 600;
  feed.run.around.call = world.call;
  part({ job: { notes_revision: 2 } });
  await settle();
  watch.tick();
  assert.equal(failures, 1);
  seen.time += 600;
  watch.tick();
  await settle();
  assert.equal(failures, 2);
});

test("a job that was over and is begun again is followed again", async () => {
  const { feed, watch, seen, part, settle, watches } = await live();
  part({ job: { status: "failed" }, closed: { code: 1000, reason: "the job is over" } });
  watch.listed(new Map([["j", job]]));
  await settle();
  assert.equal(feed.job.status, "failed", "what the list says is older");
  seen.job = { ...job, attempt: 2 };
  watch.listed(new Map([["j", seen.job]]));
  await settle();
  assert.equal(feed.job.status, "running");
  assert.deepEqual(watches().at(-1), stands);
});

test("a job that is over gets the new name that the list says; nothing else tells of it", async () => {
  const { feed, watch, part } = await live();
  watch.listed(new Map([["j", { ...job, job_name: "older" }]]));
  assert.equal(feed.job.job_name, job.job_name, "what is followed is not told by the list");
  part({ job: { status: "completed" }, closed: { code: 1000, reason: "the job is over" } });
  watch.listed(new Map([["j", { ...job, job_name: "new", tags: ["best"] }]]));
  assert.deepEqual([feed.job.job_name, feed.job.tags, feed.job.status], ["new", ["best"], "completed"]);
});

test("several jobs are watched at once, each with its own cursor; whoever leaves is watched no more", async () => {
  const { feed, watch, say, settle, drawn, watches } = await live();
  await Promise.all([watch.follow(["k"]), settle()]);
  await settle();
  assert.deepEqual(watches().at(-1), { ...stands, k: { after: "1-1", stream: "s", metrics: null } });
  say({ event: "metrics", jobs: { j: cells(1, 2), k: { ...first, ...cells(1, 4), job: { ...job, id: "k" } } } });
  await drawn();
  assert.deepEqual([feed.store.cursor, watch.of("k").store.cursor], ["2-1", "4-1"]);
  await Promise.all([watch.follow([]), settle()]);
  assert.deepEqual([watch.of("k"), Object.keys(watches().at(-1))], [null, ["j"]]);
});

test("the list of jobs is replaced by a sync and changed by what follows", async () => {
  const { list, seen, say, settle, connect } = setUp();
  await connect({}, [{ id: "a", n: 1 }, { id: "b" }]);
  say({ event: "jobs", jobs: [{ id: "c" }], changes: { b: { n: 2 } }, deleted: ["a"] });
  await settle();
  assert.deepEqual([...list.jobs.values()], [{ id: "b", n: 2 }, { id: "c" }]);
  assert.deepEqual(seen.sent.at(-1), { ack: 2 });
  assert.equal(seen.syncs, 1);
});

test("a job is told by what changed, its newest values by those that did", () => {
  const before = { id: "j", best: 1, last_metrics: { a: 1, b: 2 } };
  assert.deepEqual(changed(before, { best: 2, last_metrics: { b: 3, c: 4 } }), { id: "j", best: 2, last_metrics: { a: 1, b: 3, c: 4 } });
  assert.deepEqual(changed(undefined, job), job);
});

test("golden frames of a watched job leave the page where they say", async () => {
  const { job_id: id, series, steps } = golden("watch_frames.json");
  const columns = { epoch: [0, 1], timestamp: series.series.train_loss.timestamp, train_loss: [12.5, 11.25], val_loss: [12.75, null] };
  const { feed, say, settle, drawn, connect } = setUp({ stream: series.stream, cursor: series.cursor, total: 2, columns, not_finite: series.not_finite });
  await connect({}, []);
  await Promise.all([feed.choose(id), settle()]);
  await settle();
  for (const step of steps) {
    say({ ...step.frame });
    await drawn();
    assert.equal(feed.store.cursor, step.cursor, step.name);
    for (const [name, cells_] of Object.entries(step.cells)) {
      const { epoch } = feed.store.columns;
      const wanted = new Map(cells_);
      epoch.forEach((e, i) => assert.equal(feed.store.columns[name][i], wanted.get(e) ?? null, `${step.name}: ${name} at ${e}`));
    }
  }
  assert.deepEqual([feed.job.status, feed.names], ["completed", ["a", "train_loss", "val_loss", "coverage_68"]]);
});

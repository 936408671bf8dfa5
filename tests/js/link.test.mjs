import assert from "node:assert/strict";
import { test } from "node:test";
import { Link, backoff, SILENCE_MS } from "../../heimdall_dash/browser/wire/link.js";
import { Outbox } from "../../heimdall_dash/browser/wire/link.js";

const worst = () => 0.999999;

test("the badge says connected only after the sync of this connection", () => {
  const link = new Link(worst);
  assert.equal(link.badge(), "hidden");
  assert.equal(link.start(0).command, "open");
  assert.equal(link.badge(), "connecting");
  link.opened(10);
  assert.equal(link.badge(), "connecting");
  link.heard(20, false);
  assert.equal(link.badge(), "connecting");
  link.heard(30, true);
  assert.equal(link.badge(), "connected");
});

test("12 s of silence end a connection that looked open", () => {
  const link = new Link(worst);
  link.start(0);
  link.heard(100, true);
  assert.equal(link.tick(100 + SILENCE_MS - 1).command, "none");
  assert.equal(link.tick(100 + SILENCE_MS).command, "wait");
  assert.equal(link.badge(), "connecting");
});

test("a heartbeat is a sign of life", () => {
  const link = new Link(worst);
  link.start(0);
  link.heard(0, true);
  for (let now = 4000; now < 100_000; now += 4000) {
    link.heard(now, false);
    assert.equal(link.tick(now + 3999).command, "none");
  }
});

test("a lost link retries for ever, each time later, never later than 10 s", () => {
  const link = new Link(worst);
  let now = 0;
  link.start(now);
  const delays = [];
  for (let i = 0; i < 12; i += 1) {
    const { delay } = link.closed(now, 1006);
    delays.push(delay);
    now += delay;
    assert.equal(link.tick(now - 1).command, "none");
    assert.equal(link.tick(now).command, "open");
  }
  assert.deepEqual(delays.slice(0, 6), [500, 1000, 2000, 4000, 8000, 10_000]);
  assert.ok(delays.every((delay) => delay <= 10_000));
});

test("a good connection makes the next retry quick again", () => {
  const link = new Link(worst);
  link.start(0);
  for (let i = 0; i < 5; i += 1) {
    link.closed(0, 1006);
    link.wake(0);
  }
  link.heard(1, true);
  assert.equal(link.closed(2, 1006).delay, 500);
});

test("the jitter is full: anything between nothing and the ceiling", () => {
  assert.equal(backoff(3, () => 0), 0);
  assert.equal(backoff(3, () => 0.5), 2000);
});

test("coming back online does not sit out the delay", () => {
  const link = new Link(worst);
  link.start(0);
  link.closed(0, 4001);
  assert.equal(link.wake(1).command, "open");
});

test("waking a silent link notices the silence at once", () => {
  const link = new Link(worst);
  link.start(0);
  link.heard(0, true);
  assert.equal(link.wake(60_000).command, "wait");
});

test("1000 and 4500–4999 are final, everything else comes back", () => {
  for (const [code, command] of [[1000, "stopped"], [4504, "stopped"], [4501, "stopped"], [1001, "wait"], [1006, "wait"], [4001, "wait"], [4008, "wait"], [1012, "wait"]]) {
    const link = new Link(worst);
    link.start(0);
    link.heard(0, true);
    assert.equal(link.closed(1, code, "why").command, command, `code ${code}`);
    assert.equal(link.badge(), command === "stopped" ? "hidden" : "connecting");
    if (command === "stopped") assert.equal(link.wake(2).command, "none");
  }
});

test("a close that follows our own close counts once", () => {
  const link = new Link(worst);
  link.start(0);
  link.refused(1);
  assert.equal(link.closed(1, 1006).command, "none");
  assert.equal(link.failures, 1);
});

test("the outbox sends one at a time, in order", () => {
  const sent = [];
  const waiting = [];
  const outbox = new Outbox((text) => sent.push(text), (next) => waiting.push(next));
  outbox.push({ ack: 1 });
  outbox.push({ interval_ms: 5 });
  assert.deepEqual(sent, ['{"ack":1,"n":1}']);
  waiting.shift()();
  assert.deepEqual(sent, ['{"ack":1,"n":1}', '{"interval_ms":5,"n":2}']);
  waiting.shift()();
  outbox.push({ ack: 2 });
  assert.equal(sent.length, 3);
});

test("two equal messages differ as texts, because the component sends equal values once", () => {
  const sent = [];
  const outbox = new Outbox((text) => sent.push(text), (next) => next());
  outbox.push({ ack: 1, seq: 1 });
  outbox.push({ ack: 1, seq: 1 });
  assert.equal(new Set(sent).size, 2);
});

/* Means that the server makes: asked for once, again when runs went on, closely where one zooms. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Means, spliced } from "../../heimdall_dash/browser/runs/means.js";

const answer = (place, total = place.length) => ({ place, mean: place.map((at) => at * 10), low: place, high: place, count: place.map(() => 2), total });

/** A world whose calls are answered by hand and whose clock stands still. */
function world() {
  const calls = [];
  const timers = [];
  const clock = { ms: 0 };
  const call = (method, path) => new Promise((resolve, reject) => calls.push({ path, resolve, reject }));
  return { calls, timers, clock, call, now: () => clock.ms, later: (run, ms) => timers.push({ run, ms }) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const VIEW = { band: "range", x: "epoch" };

test("what is asked for is asked once, and again once epochs came", async () => {
  const there = world();
  let news = 0;
  const means = new Means(there, () => { news += 1; });
  assert.deepEqual(means.of(["r"], ["a, b"], VIEW), []);
  assert.deepEqual(means.of(["r"], ["a, b"], VIEW), []);
  assert.deepEqual(there.calls.map(({ path }) => path), ["/means?jobs=r&metrics=a%2C+b&x=epoch&band=range&points=1500"]);
  there.calls[0].resolve({ series: { "a, b": answer([1, 2]) } });
  await settled();
  assert.equal(news, 1);
  const [mean] = means.of(["r"], ["a, b"], VIEW);
  assert.deepEqual([mean.epochs, mean.mean, mean.band.counts], [[1, 2], [10, 20], [2, 2]]);
  assert.equal(there.calls.length, 1);
  means.stale();
  means.of(["r"], ["a, b"], VIEW);
  means.of(["r"], ["a, b"], VIEW);
  assert.deepEqual([there.calls.length, there.timers.length], [1, 1], "not at once: the server rests");
  there.timers[0].run();
  await settled();
  assert.equal(there.calls.length, 2);
  means.stale(); // while the answer is on its way
  there.calls[1].resolve({ series: { "a, b": answer([1, 2, 3]) } });
  await settled();
  assert.deepEqual(means.of(["r"], ["a, b"], VIEW)[0].epochs, [1, 2, 3]);
  assert.equal(there.timers.length, 2, "and asked for once more");
});

test("a failure is tried again, and keeps what is known", async () => {
  const there = world();
  let news = 0;
  const means = new Means(there, () => { news += 1; });
  means.of(["r"], ["a"], VIEW);
  there.calls[0].reject(new Error("away"));
  await settled();
  assert.deepEqual([news, there.timers.map(({ ms }) => ms)], [0, [1000]]);
  there.timers[0].run();
  assert.equal(news, 1, "whoever draws asks again");
});

test("a zoom brings what the whole left out", async () => {
  const there = world();
  const means = new Means(there, () => {});
  means.of(["r"], ["a"], VIEW);
  there.calls[0].resolve({ series: { a: answer([0, 100, 200, 300], 301) } });
  await settled();
  assert.deepEqual(means.of(["r"], ["a"], VIEW, [[90, 110]])[0].epochs, [0, 100, 200, 300]);
  assert.match(there.calls[1].path, /&low=90&high=110$/);
  there.calls[1].resolve({ series: { a: answer([99, 100, 101]) } });
  await settled();
  assert.deepEqual(means.of(["r"], ["a"], VIEW, [[90, 110]])[0].epochs, [0, 99, 100, 101, 200, 300]);
  assert.deepEqual(spliced(answer([0, 100]), answer([100, 101]), 100, 101).mean, [0, 1000, 1010]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { Painter } from "../../heimdall_dash/browser/charts/painter.js";

/* A clock, frames and a Plotly of our own: what is drawn in which frame. */
function stage({ costMs = 10 } = {}) {
  const world = { now: 0, frames: [], timers: [], drawn: [], observers: [] };
  const element = () => ({
    classList: { toggle() {} }, addEventListener() {}, append() {}, remove() {}, on() {}, clientWidth: 400, clientHeight: 300,
    _fullLayout: { _size: { w: 320, h: 200 } },
  });
  class Observer {
    constructor(tell, options) {
      this.tell = tell;
      this.isNear = options?.rootMargin !== undefined;
      world.observers.push(this);
    }
    observe() {}
    unobserve() {}
  }
  world.painter = new Painter({
    plotly: () => ({ react: (plot) => { world.now += costMs; world.drawn.push(plot.id); }, purge() {} }),
    frame: (f) => world.frames.push(f), isHidden: () => false, now: () => world.now,
    later: (f, ms) => world.timers.push({ f, at: world.now + ms }), Observer, Resize: Observer,
  });
  world.add = (id, { near = true, seen = true } = {}) => {
    const box = { ...element(), id, ownerDocument: { createElement: () => ({ ...element(), id }) } };
    world.painter.add({ id, box, build: () => ({ data: [], layout: {}, isEmpty: false, zoom: null }), onZoom() {}, onDrawn() {}, onLegend() {} });
    world.sees(id, { near, seen });
  };
  world.sees = (id, { near, seen }) => {
    const target = world.painter.cards.get(id).box;
    const [close, there] = [world.observers.find(({ isNear }) => isNear), world.observers[1]];
    close.tell([{ target, isIntersecting: near }]);
    there.tell([{ target, isIntersecting: seen }]);
  };
  world.frame = () => {
    const drawn = world.drawn.length;
    for (const f of world.frames.splice(0)) f();
    return world.drawn.slice(drawn);
  };
  world.settle = () => { for (let n = 0; n < 20; n += 1) world.frame(); };
  world.pass = (ms) => {
    world.now += ms;
    const due = world.timers.filter(({ at }) => at <= world.now);
    world.timers = world.timers.filter(({ at }) => at > world.now);
    for (const { f } of due) f();
  };
  return world;
}

test("one frame draws as many charts as are done in time", () => {
  const fast = stage({ costMs: 5 });
  for (const id of ["a", "b", "c"]) fast.add(id);
  fast.settle();
  fast.painter.news();
  assert.deepEqual(fast.frame(), ["a", "b", "c"]);
  const slow = stage({ costMs: 20 });
  for (const id of ["a", "b"]) slow.add(id);
  slow.settle();
  slow.painter.news();
  assert.deepEqual([slow.frame(), slow.frame(), slow.frame()], [["a"], ["b"], []]);
});

test("a chart that nobody sees yet is drawn after those that are seen, and then now and then", async () => {
  const world = stage();
  world.add("near", { seen: false });
  world.add("seen");
  world.settle();
  world.pass(2_000);
  world.drawn = [];
  let isDone = false;
  for (let epoch = 0; epoch < 3; epoch += 1) {
    world.painter.news();
    const done = world.painter.drawn().then(() => { isDone = true; });
    assert.deepEqual(world.frame(), ["seen"]);
    await done; // acknowledged although the other one is not drawn
    assert.ok(isDone);
    world.settle();
    world.pass(50);
  }
  assert.deepEqual(world.drawn.filter((id) => id === "near"), ["near"]);
  world.pass(1_000);
  world.settle();
  assert.equal(world.drawn.at(-1), "near"); // the newest, without any news
});

test("a chart that comes into sight is drawn at once", () => {
  const world = stage();
  world.add("near", { seen: false });
  world.settle();
  world.painter.news();
  world.settle();
  world.painter.news();
  assert.deepEqual(world.frame(), []);
  world.sees("near", { near: true, seen: true });
  assert.deepEqual(world.frame(), ["near"]);
});

test("what the reader changes is drawn at once also where nobody sees it yet", () => {
  const world = stage();
  world.add("near", { seen: false });
  world.settle();
  world.painter.invalidate("near");
  assert.deepEqual(world.frame(), ["near"]);
});

test("a chart further away costs nothing until it comes near", () => {
  const world = stage();
  world.add("away", { near: false, seen: false });
  world.settle();
  assert.deepEqual(world.drawn, []);
  world.sees("away", { near: true, seen: false });
  assert.deepEqual(world.frame(), ["away"]);
});

test("the second drawing, for the measure that the first one gave, does not wait", () => {
  const world = stage();
  world.add("near", { seen: false });
  world.settle();
  assert.deepEqual(world.drawn, ["near", "near"]);
});

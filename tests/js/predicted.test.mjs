import assert from "node:assert/strict";
import { test } from "node:test";
import { axesOf, outline, squaredError, SQUARED_68 } from "../../heimdall_dash/browser/figure/ellipse.js";
import { enlargement, heldText, judged, predictedFigure, shareHeld, worst } from "../../heimdall_dash/browser/figure/predicted.js";
import { PredictionsFeed } from "../../heimdall_dash/browser/runs/predictions_feed.js";

const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by * Math.max(1, Math.abs(b)), `${a} is not ${b}`);
const texts = new Proxy({ predicted_held: "{holding} of {count}: {percent} % ({low}-{high})", predicted_enlarged: "x{scale}", predicted_sample: "{shown} of {total}", predicted_left_out: "{n} out", predicted_hover: "{label} {error} {standardised}" }, { get: (all, name) => all[name] ?? String(name) });
const look = { colors: { lines: ["#1", "#2", "#3"], text: "#t" }, texts, width: 700, height: 500, font: "x" };
const view = { scale: "log", smoothing: 0, x: "epoch", zoom: null };
const spec = { id: "p", title: "Predictions", y_label: "", unit: "", scale: "linear", lines: [], references: [], ticks: [] };
const plane = (more = {}) => ({ epoch: 3, dimensions: 2, total: 2, left_out: 0, unit: "km", axes: [], labels: ["a", "b"], truth: [[0, 0], [10, 10]], mean: [[0.1, 0], [14, 10]], spread: [[1, 0, 1], [1, 0, 1]], places: {}, ...more });
const draw = (kept, how = { isEnlarged: false }) => predictedFigure(spec, kept, view, look, how);

/* A small generator with a seed: the same points at each run. */
function normals(seed) {
  let state = seed;
  const uniform = () => { state = (state * 1664525 + 1013904223) % 2 ** 32; return (state + 0.5) / 2 ** 32; };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

test("half axes are the roots of the covariance's eigenvalues, along its eigenvectors", () => {
  const { major, minor, angle } = axesOf([2, 1, 3]);
  const [large, small] = [(5 + Math.sqrt(5)) / 2, (5 - Math.sqrt(5)) / 2];
  near(major ** 2, large);
  near(minor ** 2, small);
  near(2 * Math.cos(angle) + Math.sin(angle), large * Math.cos(angle));
  near(Math.cos(angle) + 3 * Math.sin(angle), large * Math.sin(angle));
  const upright = axesOf([1, 0, 4]);
  assert.deepEqual([upright.major, upright.minor], [2, 1]);
  near(Math.abs(upright.angle), Math.PI / 2);
  assert.deepEqual(axesOf([9, 0, 9]).major, axesOf([9, 0, 9]).minor);
});

test("a long thin ellipse keeps its short axis", () => {
  near(axesOf([1e8, 0, 1e-8]).minor, 1e-4);
});

test("every point of a 68 % outline has the squared standardised distance 2.279", () => {
  near(SQUARED_68[2], 2.27886856637673);
  near(SQUARED_68[1], 0.994457883209753 ** 2);
  const covariance = [2, -0.9, 0.7];
  const { x, y } = outline([5, -3], covariance, SQUARED_68[2]);
  x.forEach((value, i) => near(squaredError([value, y[i]], [5, -3], covariance), SQUARED_68[2], 1e-9));
  assert.deepEqual([x[0], y[0]], [x.at(-1), y.at(-1)], "it is closed");
});

test("of right predictions 68 % hold their truth, in one dimension and in two", () => {
  const normal = normals(7);
  for (const dimensions of [1, 2]) {
    const points = Array.from({ length: 4000 }, () => {
      const [a, b] = [normal(), normal()];
      return dimensions === 1 ? { truth: [3 * a], spread: [3] } : { truth: [2 * a, a + b], spread: [4, 2, 2] };
    });
    const kept = { dimensions, labels: points.map(String), truth: points.map((p) => p.truth), mean: points.map(() => Array(dimensions).fill(0)), spread: points.map((p) => p.spread) };
    near(shareHeld(judged(kept)).holding / 4000, 0.68, 0.025);
  }
});

test("the share is told beside what chance leaves of 256", () => {
  const points = Array.from({ length: 256 }, (_, i) => ({ holds: i < 172 }));
  assert.deepEqual(shareHeld(points), { holding: 172, count: 256, percent: 67, low: 62, high: 74 });
  assert.equal(heldText(points, texts), "172 of 256: 67 % (62-74)");
});

test("the worst are those furthest off in predicted units, not in kilometres", () => {
  const kept = plane({ labels: ["far but unsure", "near but sure"], mean: [[50, 0], [10.5, 10]], spread: [[900, 0, 900], [0.01, 0, 0.01]] });
  const [first, second] = worst(judged(kept), 5);
  assert.deepEqual([first.label, second.label], ["near but sure", "far but unsure"]);
  near(first.standardised, 5);
  near(second.error, 50);
});

test("a plane has one scale for both axes, and joins each truth to its prediction", () => {
  const { data, layout } = draw(plane({ places: { mast: [0, 40] } }));
  assert.equal(layout.yaxis.scaleanchor, "x");
  const { range: [x0, x1] } = layout.xaxis;
  const { range: [y0, y1] } = layout.yaxis;
  assert.ok(x0 <= 0 && x1 >= 14 && y0 <= 0 && y1 >= 40);
  const holds = data.filter((trace) => trace.legendgroup === "predicted_holds");
  const misses = data.filter((trace) => trace.legendgroup === "predicted_misses");
  assert.deepEqual(holds[1].x, [0, 0.1, null]);
  assert.deepEqual(misses[1].x, [10, 14, null]);
  assert.notEqual(holds[0].line.dash, misses[0].line.dash, "not by colour alone");
  assert.notEqual(holds[2].marker.symbol, misses[2].marker.symbol);
  assert.deepEqual(data.at(-1).text, ["mast"]);
});

test("errors too small to see are enlarged around their truths, and the note says how much", () => {
  const tiny = plane({ mean: [[0.001, 0], [10.001, 10]], spread: [[1e-6, 0, 1e-6], [1e-6, 0, 1e-6]] });
  const by = enlargement(judged(tiny), 12);
  assert.equal(by, 100);
  const drawn = draw(tiny, { isEnlarged: true });
  near(drawn.data[1].x[1], 0.1);
  assert.deepEqual(drawn.notes, ["x100"]);
  assert.deepEqual(draw(tiny).notes, []);
  assert.equal(enlargement(judged(plane()), 12), 1, "what is seen is left as it is");
});

test("one dimension is predicted against true with 68 % intervals", () => {
  const kept = plane({ dimensions: 1, axes: ["Age"], unit: "years", truth: [[20], [40]], mean: [[21], [60]], spread: [[2], [3]], total: 900, left_out: 4 });
  const { data, layout, notes, summary } = draw(kept);
  near(data[0].error_y.array[0], 2 * 0.994457883209753);
  assert.deepEqual([data[0].x, data[0].y, data[1].x, data[1].y], [[20], [21], [40], [60]]);
  assert.equal(layout.xaxis.title.text, "axis_true: Age (years)");
  assert.deepEqual(notes, ["2 of 900", "4 out"]);
  assert.match(summary, /1 of 2: 50 %/);
});

test("names from outside are shown as text", () => {
  const { data } = draw(plane({ labels: ["<b>x</b>", "y"], places: { "<i>": [0, 0] } }));
  assert.ok(!JSON.stringify(data).includes("<b>"));
  assert.deepEqual(data.at(-1).text, ["&lt;i>"]);
});

function feed(answers) {
  const asked = [];
  const world = { now: () => world.ms, ms: 0, changes: 0, changed: () => { world.changes += 1; } };
  world.call = (_, path) => { asked.push(path); return answers(path); };
  return { feed: new PredictionsFeed(world), asked, world };
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const job = (revision) => ({ id: "j", predictions_revision: revision });

test("predictions are fetched once per revision, and not at all of a job that has none", async () => {
  const { feed: it, asked } = feed(async () => ({ epochs: [1, 5], predictions: { epoch: 5 } }));
  it.follow("j", job(0));
  assert.deepEqual(asked, []);
  for (const revision of [1, 1, 1, 2, 2]) {
    it.follow("j", job(revision));
    await settled();
  }
  assert.deepEqual(asked, ["/jobs/j/predictions", "/jobs/j/predictions"]);
  assert.deepEqual([it.kept.epoch, it.epochs], [5, [1, 5]]);
  it.follow("other", { id: "other" });
  assert.equal(it.kept, null);
});

test("an answer that comes late is not shown as another job's, or another epoch's", async () => {
  const open = [];
  const { feed: it } = feed((path) => new Promise((resolve) => open.push(() => resolve({ epochs: [1, 5], predictions: { epoch: path.includes("epoch=1") ? 1 : 5 } }))));
  it.follow("j", job(1));
  it.choose(1, job(1));
  open[1]();
  await settled();
  assert.equal(it.kept.epoch, 1);
  open[0]();
  await settled();
  assert.equal(it.kept.epoch, 1);
  it.follow("k", { id: "k", predictions_revision: 1 });
  it.follow("l", { id: "l" });
  open[2]();
  await settled();
  assert.equal(it.kept, null);
});

test("a server that is away is asked again later; an epoch that was thinned out gives the one before", async () => {
  let isAway = true;
  const { feed: it, asked, world } = feed(async (path) => {
    if (isAway) throw new TypeError("away");
    if (path.endsWith("=4")) throw Object.assign(new Error("gone"), { status: 404 });
    return { epochs: [1, 3, 9], predictions: { epoch: Number(path.split("=")[1] ?? 9) } };
  });
  it.choose(4, job(1));
  it.follow("j", job(1));
  it.wanted = 4;
  await settled();
  it.follow("j", job(1));
  assert.equal(asked.length, 1, "not at once");
  isAway = false;
  world.ms = 3_000;
  it.follow("j", job(1));
  await settled();
  await settled();
  assert.equal(it.kept.epoch, 3);
});

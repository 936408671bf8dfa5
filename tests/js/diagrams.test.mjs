import assert from "node:assert/strict";
import { test } from "node:test";
import { chanceBand, chanceEnds } from "../../heimdall_dash/browser/figure/chance.js";
import { diagramFigure } from "../../heimdall_dash/browser/figure/diagrams.js";
import { diagramSpecs } from "../../heimdall_dash/browser/figure/diagram_specs.js";

const texts = new Proxy({}, { get: (_, name) => String(name) });
const look = { colors: { lines: ["#1", "#2", "#3"] }, texts, width: 600, height: 360, font: "x" };
const view = { scale: "log", smoothing: 0, x: "epoch", zoom: null };
const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);
const kinds = (names, charted = new Set()) => diagramSpecs(names, charted, texts).map((spec) => `${spec.kind} ${spec.prefix}`);
const REGRESSION = ["reliability_observed", "coverage_50", "coverage_68", "coverage_95", "pit_histogram", "sharpness_m", "sharpness_p10_m", "expected_calibration_error", "calibration_samples"];
const specOf = (kind, names) => diagramSpecs(names, new Set(), texts).find((spec) => spec.kind === kind);
const source = (columns, facts = {}) => ({ columns, facts, job: {}, notes: [] });

test("diagrams come by the names that the calibration gives, behind any prefix", () => {
  const all = ["reliability", "coverage", "pit", "sharpness"];
  for (const prefix of ["", "val/", "test_", "σ/a b: "]) {
    assert.deepEqual(kinds(REGRESSION.map((name) => prefix + name)), all.map((kind) => `${kind} ${prefix}`));
  }
  const both = [...REGRESSION.map((name) => `val/${name}`), ...REGRESSION.map((name) => `test/${name}`)];
  assert.deepEqual(kinds(both), [...all.map((kind) => `${kind} test/`), ...all.map((kind) => `${kind} val/`)]);
  assert.deepEqual(kinds(["reliability_accuracy", "reliability_confidence", "reliability_share"]), ["confidence "]);
});

test("no diagram without all that it draws, nor of a name that only ends alike, nor one of the preset again", () => {
  assert.deepEqual(kinds(["reliability_accuracy", "loss", "unreliability_observed", "sharpness_m", "sharpness_p10", "coverage_50"]), []);
  assert.deepEqual(kinds(["reliability_observed", "pit_histogram"], new Set(["reliability_observed"])), ["pit "]);
  assert.deepEqual(specOf("coverage", REGRESSION).lines.map((line) => line.metric), ["coverage_50", "coverage_68", "coverage_95", "calibration_samples"]);
  assert.equal(specOf("sharpness", REGRESSION).unit, "m");
});

test("ends of chance are the binomial's: scipy.stats.binom.ppf([.025, .975], n, p) / n", () => {
  assert.deepEqual(chanceEnds(100, 0.5), [0.4, 0.6]);
  assert.deepEqual(chanceEnds(256, 0.68), [159 / 256, 189 / 256]);
  assert.deepEqual(chanceEnds(2, 0.05), [0, 0.5]);
  assert.deepEqual(chanceEnds(10_000, 0.5), [0.4902, 0.5098]);
  near(chanceEnds(1e6, 0.5)[0], 0.5 - 0.00098, 1e-5);
  assert.deepEqual([chanceEnds(50, 0), chanceEnds(0, 0.5)], [[0, 0], [0.5, 0.5]]);
});

test("a band comes from the number of samples, else from the facts, else not at all", () => {
  const facts = { low: [0.1, 0.2], high: [0.3, 0.4] };
  assert.deepEqual(chanceBand([0.2, 0.3], null, facts), facts);
  assert.equal(chanceBand([0.2], null, facts), null);
  assert.deepEqual(chanceBand([0.5], 100, facts), { low: [0.4], high: [0.6] });
});

test("each diagram shows the newest epoch, and the nearest before the chosen one beside it", () => {
  const columns = {
    epoch: [1, 2, 3], calibration_samples: [100, 100, 100], reliability_observed: [[0.1, 0.5], [0.2, 0.6], [0.3, 0.7]],
    coverage_50: [0.1, null, 0.5], coverage_68: [0.2, null, 0.6], pit_histogram: [[0.5, 1.5], null, [1, 1]],
    sharpness_m: [40, 20, 10], expected_calibration_error: [0.3, 0.2, 0.1],
    reliability_accuracy: [[null, 0.5], [null, 0.6], [null, 0.9]], reliability_confidence: [[null, 0.6], [null, 0.7], [null, 0.8]], reliability_share: [[0, 1], [0, 1], [0, 1]],
  };
  for (const spec of diagramSpecs(Object.keys(columns), new Set(), texts)) {
    const named = (epoch) => diagramFigure(spec, source(columns), view, look, epoch).data.map((trace) => trace.name).filter((name) => name?.startsWith("axis_epoch"));
    assert.deepEqual(named(null), ["axis_epoch 3"], spec.kind);
    const before = spec.kind === "coverage" || spec.kind === "pit" ? 1 : 2;
    assert.deepEqual(named(2), ["axis_epoch 3", `axis_epoch ${before}`], spec.kind);
    assert.deepEqual(named(3), ["axis_epoch 3"], spec.kind);
    const { layout, data, isEmpty } = diagramFigure(spec, source(columns), view, look, null);
    assert.equal(isEmpty, false);
    if (spec.kind !== "reliability") assert.equal(layout.yaxis.type, "linear");
    if (spec.kind !== "sharpness") assert.ok(data.some((trace) => trace.name === "chance_band"), spec.kind);
    assert.equal(diagramFigure(spec, source({ epoch: [] }), view, look, null).isEmpty, true);
  }
});

test("a bin of the PIT histogram stands over its middle, its band around 1", () => {
  const columns = { epoch: [1], calibration_samples: [200], pit_histogram: [Array(20).fill(1)] };
  const { data } = diagramFigure(specOf("pit", Object.keys(columns)), source(columns), view, look, null);
  near(data[0].x[0], 0.025);
  near(data[0].x[19], 0.975);
  const [low, high] = data.filter((trace) => trace.type === "scatter" && trace.hoverinfo === "skip");
  near(low.y[0], 0.4); // 4 to 16 of 200 in a bin of one in twenty
  near(high.y[1], 1.6);
  const told = { pit_histogram_low: Array(20).fill(0.4), pit_histogram_high: Array(20).fill(1.6) };
  const uncounted = { epoch: columns.epoch, pit_histogram: columns.pit_histogram };
  assert.deepEqual(diagramFigure(specOf("pit", Object.keys(columns)), source(uncounted, told), view, look, null).data[1].y.map((v) => Number(v.toFixed(9))), [0.4, 0.4]);
});

test("sharpness stands on a log axis beside the calibration error, with its floor", () => {
  const columns = { epoch: [1, 2], "val/sharpness_m": [1000, 10], "val/expected_calibration_error": [0.3, 0.02] };
  const { data, layout } = diagramFigure(specOf("sharpness", Object.keys(columns)), source(columns, { expected_calibration_error_floor: { p95: 0.013 } }), view, look, null);
  assert.equal(layout.xaxis.type, "log");
  assert.deepEqual([data[0].x, data[0].y], [[1000, 10], [0.3, 0.02]]);
  assert.deepEqual(data.at(-1).y, [0.013, 0.013]);
});

test("accuracy stands over the confidence of its bin, with the samples' shares and exact chance", () => {
  const columns = { epoch: [4], calibration_samples: [100], reliability_accuracy: [[null, 0.5, 0.9]], reliability_confidence: [[null, 0.5, 0.95]], reliability_share: [[0, 1, 0]] };
  const { data } = diagramFigure(specOf("confidence", Object.keys(columns)), source(columns), view, look, null);
  const [shares, bars, , line] = data;
  assert.deepEqual(shares.y, [0, 1, 0]);
  assert.deepEqual([bars.x, bars.base], [[0.5], [0.4]]);
  assert.deepEqual([line.x, line.y], [[0.5, 0.95], [0.5, 0.9]], "an empty bin is left out");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { derivedSpec } from "../../heimdall_dash/browser/charts/derived.js";
import { arranged, hidden, joined, moved, parted, pinned, PINNED, shownAgain, unarranged, withChart, withoutChart } from "../../heimdall_dash/browser/charts/arrangement.js";
import { chosen, matching } from "../../heimdall_dash/browser/charts/patterns.js";
import { fileName, withNames } from "../../heimdall_dash/browser/charts/picture.js";
import { holdsPoint } from "../../heimdall_dash/browser/charts/run.js";
import { standing } from "../../heimdall_dash/browser/charts/standing.js";
import { zoomedBy } from "../../heimdall_dash/browser/charts/ranges.js";
import { proven, lacks } from "../../heimdall_dash/browser/figure/spec.js";

const texts = { value: "Value", ideal: "Ideal: {value}", units: { m: "Metres (m)", fraction: "Fraction" } };

const alone = (metric) => ({ key: metric, title: metric, lines: [{ metric, name: metric, role: "", color: 0 }] });

test("a metric nobody described has its own name, and the unit that it carries", () => {
  const spec = derivedSpec(alone("eval/queue_wait_m"), undefined, texts);
  assert.deepEqual([spec.id, spec.title, spec.y_label, spec.unit, spec.hint], ["other:eval/queue_wait_m", "eval/queue_wait_m", "Metres (m)", "m", ""]);
  assert.equal(derivedSpec(alone("reward"), undefined, texts).y_label, "");
});

test("a metric that is known says what it means, and where it should be", () => {
  const known = { title: "Coverage at 68 %", unit: "fraction", hint: "Share inside.", ideal: 0.68 };
  const spec = derivedSpec(alone("coverage_68"), known, texts);
  assert.deepEqual([spec.title, spec.y_label, spec.unit, spec.hint], ["Coverage at 68 %", "Fraction", "", "coverage_68: Share inside."]);
  assert.deepEqual(spec.references, [{ name: "Ideal: 0.68", value: 0.68, fact: null }]);
});

test("what only our trainer's metrics mean is not said of anybody's", () => {
  const known = { title: "Evaluation time", unit: "s", hint: "Wall time.", ideal: null, proof: "ours" };
  const spec = derivedSpec(alone("eval_seconds"), known, { ...texts, units: { s: "Seconds (s)" } });
  assert.deepEqual([proven(spec, { ours: null }).hint, proven(spec, {}).hint], ["eval_seconds: Wall time.", "eval_seconds"]);
  const objective = derivedSpec(alone("train_objective"), { ...known, unit: "nats" }, texts);
  const said = (facts) => { const { y_label, unit } = proven(objective, facts); return [y_label, unit]; };
  assert.deepEqual([said({ ours: 1 }), said({}), said(null)], [["nats", "nats"], ["", ""], ["", ""]]);
  const anybodys = derivedSpec(alone("reward"), undefined, texts);
  assert.equal(proven(anybodys, {}), anybodys);
});

test("a chart lacks what a job with epochs never published, not what was never finite", () => {
  const spec = { lines: [{ metric: "a" }, { metric: "b" }] };
  assert.deepEqual([{ epoch: [] }, { epoch: [1], c: [1] }, { epoch: [1], b: [null] }].map((columns) => lacks(spec, columns)), [false, true, false]);
});

test("keys move and zoom, and undo both", () => {
  const now = { x: [0, 100], y: [-1, 1] };
  assert.deepEqual(zoomedBy(">", now, now.y), { x: [15, 115], y: [-1, 1] });
  assert.deepEqual(zoomedBy("ArrowUp", now, null), { x: [0, 100], y: [-0.7, 1.3] });
  assert.deepEqual(zoomedBy("+", now, null).x, [15, 85]);
  assert.equal(zoomedBy("0", now, null), null);
  assert.equal(zoomedBy("Tab", now, null), undefined);
});

const preset = (id, ...metrics) => ({ id, title: id, lines: metrics.map((metric) => ({ metric, name: metric })), unit: "", references: [], kind: "lines" });
const config = { charts: [preset("loss-chart", "train_loss", "val_loss"), preset("rmse-chart", "rmse_m")], metrics: {}, texts };
const stood = (names, job, made = [], isKnown = true) => standing({ names, published: names, job, isKnown }, config, made)
  .map(({ name, specs }) => [name, specs.map((one) => one.id)]);

test("a preset stands where one of its metrics is, and for our own trainer's job before its first epoch", () => {
  assert.deepEqual(stood(["val_loss", "x/a"], { external: true }), [["", ["loss-chart"]], ["x", ["other:x/a"]]]);
  assert.deepEqual(stood([], { external: true })[0][1], []);
  assert.deepEqual(stood([], { external: false })[0][1], ["loss-chart", "rmse-chart"]);
  assert.deepEqual(stood([], null, [], false)[0][1], ["loss-chart", "rmse-chart"]);
});

test("made charts come first, then the job's own, then its key metrics, then presets", () => {
  const job = { external: true, key_metrics: { "val/mIoU": "max" }, charts: [{ title: "IoU", metrics: ["iou"], unit: "%", scale: "linear" }, { title: "None", metrics: ["gone"] }] };
  const made = [{ title: "Mine", metrics: ["grad/*"], scale: "log" }];
  const [[, first], ...rest] = stood(["train_loss", "val/mIoU", "iou", "grad/a", "lr"], job, made);
  assert.deepEqual(first, ["new:Mine", "own:IoU", "other:mIoU", "loss-chart", "other:lr"]);
  assert.deepEqual(rest, [["grad", ["other:grad/a"]]]);
});

test("patterns choose metrics in natural order, each once", () => {
  const names = ["grad/l10", "grad/l2", "loss", "a*b", "grad/"];
  assert.deepEqual(chosen(["loss", "grad/l*", "grad/l2", "a*b"], names), ["loss", "grad/l2", "grad/l10", "a*b"]);
  assert.deepEqual(chosen(["grad/l?"], names), ["grad/l2"]);
  assert.deepEqual(["*", "a*", "*b", "a*b", "a*c", "b", "a*b*c", "*ab*"].map((pattern) => matching(pattern)("ab")), [true, true, true, true, false, false, false, true]);
  assert.equal(matching("*a*a*a*a*a*a*a*a*a*b")("a".repeat(200)), false); // at once
});

test("an arrangement pins, hides, moves and joins charts, and takes each back", () => {
  const sections = [{ name: "", specs: ["a", "b", "c"].map((id) => preset(id, id)) }, { name: "x", specs: [preset("d", "d")] }];
  const shown = (arrangement) => arranged(sections, arrangement).map(({ name, specs }) => [name, specs.map((one) => one.id)]);
  const none = unarranged();
  assert.deepEqual(shown(none), [["", ["a", "b", "c"]], ["x", ["d"]]]);
  assert.deepEqual(shown(pinned(none, "d")), [[PINNED, ["d"]], ["", ["a", "b", "c"]]]);
  assert.deepEqual(pinned(pinned(none, "d"), "d"), none);
  assert.deepEqual(shown(hidden(pinned(none, "a"), "a")), [["", ["b", "c"]], ["x", ["d"]]]);
  assert.deepEqual(shownAgain(hidden(none, "a")), none);
  assert.deepEqual(shown(moved(none, "", ["a", "b", "c"], "c", 0))[0], ["", ["c", "a", "b"]]);
  const both = joined(joined(none, "b", "c"), "a", "b");
  assert.deepEqual(both.joined, { a: ["b", "c"] });
  assert.deepEqual(arranged(sections, both)[0].specs.map((one) => [one.title, one.lines.map((line) => line.metric)]), [["a + b + c", ["a", "b", "c"]]]);
  assert.deepEqual(parted(both, "a"), none);
  assert.deepEqual(withoutChart(withChart(none, { title: "t", metrics: ["*"] }), "t"), none);
});

test("a stretch of time without a point is told from one that a line runs through", () => {
  const line = { x: [10, 20, 30], y: [1, null, 2] };
  assert.deepEqual([[0, 5], [12, 18], [25, 40], [31, 40]].map((range) => holdsPoint([line], range)), [false, true, true, false]);
});

test("a picture is named by its job and its chart", () => {
  assert.equal(fileName("my run/1", "val/top5 <b>"), "my_run_1-val_top5_b");
  assert.equal(fileName("Größtes 日本語", "σ"), "Größtes_日本語-σ");
  assert.equal(fileName("///", "x".repeat(300)).length, "job-".length + 60);
});

test("a picture of a chart of one metric, which has no legend of its own, names its runs all the same", () => {
  const drawn = { data: [{ x: [1], y: [1] }], layout: { showlegend: false, title: { text: "loss" }, legend: { y: -0.1 }, margin: { t: 40, r: 20 } } };
  const sources = ["a", "b"].map((name) => ({ name, color: "#112233" }));
  const { data, layout, height } = withNames(drawn, sources, { width: 600, height: 370, area: { w: 500, h: 300 } });
  assert.deepEqual([layout.showlegend, layout.margin.l, layout.margin.b, height], [true, 80, 30 + 20 + 8, 40 + 300 + 58]);
  assert.deepEqual(data.filter(({ showlegend }) => showlegend !== false).map(({ name }) => name), ["a", "b"]);
});

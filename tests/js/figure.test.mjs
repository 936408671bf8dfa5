import assert from "node:assert/strict";
import { test } from "node:test";
import { core } from "./core.mjs";

const { lineFigure } = core.figure;
const { reliabilityFigure } = core.diagrams;
const colors = { lines: ["#1", "#2", "#3"], text: "", muted: "", grid: "", axis: "", paper: "", reference: "", gap: "", hover: "" };
const texts = { log_scale: "Log Scale", linear_scale: "Linear Scale", axis_epoch: "Epoch", axis_relative: "Time ({unit})", axis_wall: "Wall", not_on_log: "{n} hidden", gap: "1 gap", gaps: "{n} gaps", mark_best: "best {epoch}", point: "point", points: "points", axis_expected: "Expected", expected: "Expected", diagonal: "diagonal" };
const look = { colors, texts, width: 600, height: 360, offsetMs: 0, font: "x" };
const spec = { id: "c", title: "Chart", y_label: "Value (m)", unit: "m", scale: "log", ticks: [], references: [{ name: "target", value: 30, fact: null }, { name: "bound", value: null, fact: "crlb" }], lines: [{ metric: "a", name: "A", dash: "solid", axis: 1 }, { metric: "b", name: "B", dash: "dot", axis: 1 }] };
const view = (more) => ({ scale: "log", smoothing: 0, x: "epoch", zoom: null, ...more });
const source = (columns, more) => ({ columns, job: {}, facts: {}, notes: [], ...more });

test("each line holds every epoch once, in order", () => {
  const epoch = Array.from({ length: 5000 }, (_, i) => i);
  const { data } = lineFigure(spec, source({ epoch, a: epoch.map((e) => e + 1), b: epoch.map((e) => e + 2) }), view(), look);
  assert.deepEqual(data.map((line) => line.x), [epoch, epoch]);
});

test("the same input gives the same figure", () => {
  const columns = { epoch: [1, 2], a: [1, 2], b: [3, 4] };
  assert.deepEqual(lineFigure(spec, source(columns), view(), look), lineFigure(spec, source(columns), view(), look));
});

test("title and label say the scale", () => {
  const at = (scale) => lineFigure(spec, source({ epoch: [1], a: [1] }), view({ scale }), look).layout;
  assert.equal(at("log").title.text, "Chart (Log Scale)");
  assert.equal(at("log").yaxis.title.text, "Value (m) - Log Scale");
  assert.equal(at("linear").title.text, "Chart (Linear Scale)");
});

test("what a log axis cannot show is left out and counted", () => {
  const { data, notes } = lineFigure(spec, source({ epoch: [1, 2, 3], a: [5, 0, 7], b: [1, -1, 2] }), view(), look);
  assert.deepEqual(data[0].y, [5, null, 7]);
  assert.deepEqual(notes, ["2 points hidden"]);
});

test("a gap is shaded and named", () => {
  const { layout, notes } = lineFigure(spec, source({ epoch: [1, 2, 3, 4], a: [5, null, 7, 8] }), view(), look);
  assert.deepEqual(notes, ["1 gap"]);
  assert.deepEqual(layout.shapes.filter((shape) => shape.type === "rect").map((shape) => [shape.x0, shape.x1]), [[1, 3]]);
});

test("smoothing leaves the raw line faintly visible", () => {
  const { data } = lineFigure(spec, source({ epoch: [1, 2], a: [1, 100] }), view({ smoothing: 0.5 }), look);
  assert.equal(data.length, 2);
  assert.deepEqual(data[1].y, [1, 100]);
  assert.ok(data[1].opacity < 0.5);
});

test("a reference is drawn when its fact is known", () => {
  const lines = (facts) => lineFigure(spec, source({ epoch: [1], a: [1] }, { facts }), view(), look).layout.shapes.filter((shape) => shape.label);
  assert.deepEqual(lines({}).map((shape) => shape.y0), [30]);
  assert.deepEqual(lines({ crlb: 20.5 }).map((shape) => shape.y0), [30, 20.5]);
});

test("best epoch, resumption and warning are marked", () => {
  const { layout } = lineFigure(spec, source({ epoch: [1, 2, 3], a: [1, 2, 3] }, { job: { best_epoch: 2 }, notes: [{ kind: "resumed", epoch: 3, message: "m" }, { kind: "warning", epoch: 1, message: "w" }] }), view(), look);
  assert.deepEqual(layout.annotations.map((mark) => [mark.text, mark.x]), [["★", 2], ["↻", 3], ["⚠", 1]]);
});

test("a zoom stays and the axis follows without one", () => {
  const columns = { epoch: [0, 50, 100], a: [1, 2, 3] };
  const zoom = { x: [10, 20], y: [0, 1] };
  const at = (z) => lineFigure(spec, source(columns), view({ zoom: z }), look).layout;
  assert.deepEqual([at(zoom).xaxis.range, at(zoom).yaxis.range], [zoom.x, zoom.y]);
  assert.ok(at(null).xaxis.range[1] >= 100);
});

test("relative time begins at the first epoch; wall time is the reader's", () => {
  const columns = { epoch: [0, 1], timestamp: ["2026-11-23T10:00:00.000Z", "2026-11-23T10:00:30.000Z"], a: [1, 2] };
  assert.deepEqual(lineFigure(spec, source(columns), view({ x: "relative" }), look).data[0].x, [0, 30]);
  const wall = lineFigure(spec, source(columns), view({ x: "wall" }), { ...look, offsetMs: 3600e3 });
  assert.equal(wall.data[0].x[0], Date.parse("2026-11-23T11:00:00.000Z"));
});

test("200,000 epochs are thinned and the spike survives", () => {
  const epoch = Array.from({ length: 200_000 }, (_, i) => i);
  const a = epoch.map(() => 1);
  a[77_777] = 1e6;
  const { data } = lineFigure(spec, source({ epoch, a }), view(), look);
  assert.ok(data[0].x.length < 6000);
  assert.ok(data[0].y.includes(1e6));
});

test("the reliability diagram shows the newest epoch beside the chosen one", () => {
  const rel = { ...spec, title: "R", lines: [{ metric: "r", name: "r" }] };
  const columns = { epoch: [1, 2, 3], r: [[0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.25, 0.5, 0.75]] };
  const { data } = reliabilityFigure(rel, source(columns), view({ scale: "linear" }), look, 1);
  assert.deepEqual(data.map((line) => line.name), ["Epoch 3", "Epoch 1", "diagonal"]);
  assert.deepEqual(data[0].x, [0.25, 0.5, 0.75]);
  assert.equal(reliabilityFigure(rel, source(columns), view({ scale: "linear" }), look, null).data.length, 2);
});

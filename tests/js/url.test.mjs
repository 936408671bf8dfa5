import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultView, toQuery, fromQuery } from "../../heimdall_dash/browser/page/url.js";
import { View } from "../../heimdall_dash/browser/page/view.js";

test("the default view needs no query", () => {
  assert.equal(toQuery(defaultView()), "");
  assert.deepEqual(fromQuery(""), defaultView());
});

test("every part of a view survives the address bar", () => {
  const view = {
    tab: "compare", job: "a-b", smoothing: 0.65, x: "wall", rate: "5s", linked: true,
    scales: { "loss-chart": "log", "other:eval/acc": "linear", "other:a, b%2C": "linear" },
    zooms: { "loss-chart": { x: [10, 20.5], y: [-1.25, 3] }, "compare-chart": { x: [1, 2], y: [0, 4], scale: "log" } }, reliability: 0, search: "a b&c", statuses: ["running", "failed"],
    order: "best", compare: ["x", "y"], metric: "eval/acc", compareX: "relative",
    wide: "other:eval/acc", find: "p68, a&b", folded: ["", "eval,a"],
    tableSort: "best:a,b desc", tableColumns: ["config:a,b", "last:x%2C"], tableDiffers: false, tableHidden: true, tablePicked: ["x", "y"],
  };
  assert.deepEqual(fromQuery(toQuery(view)), view);
});

test("nonsense in a query falls back to the defaults", () => {
  assert.deepEqual(fromQuery("?tab=x&smooth=7&x=y&rate=&zoom.loss-chart=3,2,1&zoom.rmse-chart=1,2,3,4,x&wide=&fold=a&fold=a&reliability=z&cx=1"), { ...defaultView(), folded: ["a"] });
});

test("a default scale that depends on the data: a zoom keeps the scale of its heights, and a choice stays one", () => {
  const spec = { id: "compare-chart", scale: "log", isGuessed: true };
  const view = new View({
    location: { search: "", pathname: "/" }, history: {}, later: () => 1, redraw: () => {}, charts: () => new Map([[spec.id, spec]]),
  });
  view.zoomed(spec.id, { x: [1, 2], y: [0, 4] });
  assert.equal(toQuery(view), "?zoom.compare-chart=1,2,0,4,log");
  spec.scale = "linear";
  assert.equal(view.chart(spec).scale, "log");
  view.zoomed(spec.id, null);
  assert.equal(view.chart(spec).scale, "linear");
  view.scaled(spec.id, "linear");
  spec.scale = "log";
  assert.equal(view.chart(spec).scale, "linear");
});

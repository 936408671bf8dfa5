import assert from "node:assert/strict";
import { test } from "node:test";
import { core } from "./core.mjs";

const { defaultView, toQuery, fromQuery } = core.url;

test("the default view needs no query", () => {
  assert.equal(toQuery(defaultView()), "");
  assert.deepEqual(fromQuery(""), defaultView());
});

test("every part of a view survives the address bar", () => {
  const view = {
    tab: "compare", job: "a-b", smoothing: 0.65, x: "wall", rate: "5s", linked: true,
    scales: { "loss-chart": "log", "other:eval/acc": "linear" },
    zooms: { "loss-chart": { x: [10, 20.5], y: [-1.25, 3] } }, reliability: 0, search: "a b&c", statuses: ["running", "failed"],
    order: "best", compare: ["x", "y"], metric: "eval/acc", compareX: "relative",
  };
  assert.deepEqual(fromQuery(toQuery(view)), view);
});

test("nonsense in a query falls back to the defaults", () => {
  assert.deepEqual(fromQuery("?tab=x&smooth=7&x=y&rate=&zoom.loss-chart=3,2,1&reliability=z&cx=1"), defaultView());
});

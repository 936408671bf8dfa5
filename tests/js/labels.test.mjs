import assert from "node:assert/strict";
import { test } from "node:test";
import { placeLabels } from "../../heimdall_dash/browser/figure/labels.js";

const area = { w: 280, h: 240 };
const LETTER_PX = 6.7;
const flat = (y) => ({ x: [0, area.w], y: [y, y] });

function box({ name, anchor, x, shift }, y) {
  const width = name.length * LETTER_PX;
  const left = x * area.w - { left: 0, center: width / 2, right: width }[anchor];
  return { left, right: left + width, top: y - shift - 8, bottom: y - shift + 8 };
}

function overlaps(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

test("names never lie on one another and never leave the plot, wherever their lines are", () => {
  const names = ["Target 30 m", "Cramér–Rao bound p68: 21.0 m", "Calibration error of a perfect"];
  for (let a = 0; a <= area.h; a += 7) {
    for (let b = 0; b <= area.h; b += 9) {
      const references = [a, b, (a + b) / 2].map((y, i) => ({ name: names[i], y, isBound: i > 0 }));
      const labels = placeLabels(references, area, [flat(a + 5)]);
      const boxes = labels.map((label) => box(label, references.find((r) => r.name === label.name).y));
      assert.ok(labels.length >= 2, `${a} ${b}`);
      assert.equal(placeLabels(references.slice(0, 2), area, []).length, 2, `${a} ${b}`);
      for (const [i, one] of boxes.entries()) {
        assert.ok(one.left >= -1 && one.right <= area.w + 1 && one.top >= -2 && one.bottom <= area.h + 2, `${a} ${b}`);
        for (const other of boxes.slice(i + 1)) assert.ok(!overlaps(one, other), `${a} ${b}`);
      }
    }
  }
});

test("a name goes where no curve is", () => {
  const curve = { x: [0, 140, 140.1, 280], y: [20, 20, 108, 108] }; // on the right, just above the line
  const [label] = placeLabels([{ name: "Target 30 m", y: 118, isBound: false }], area, [curve]);
  const { left, right, top, bottom } = box(label, 118);
  assert.ok(right <= 140 || top > 108 || bottom < 108, `${left}…${right}`);
});

test("a name stays where it was while that is nearly as good", () => {
  const references = [{ name: "Target 30 m", y: 118, isBound: false }];
  const [free] = placeLabels(references, area, []);
  const [kept] = placeLabels(references, area, [], { "Target 30 m": "left 0 10" });
  assert.equal(free.slot, "right 1 10");
  assert.equal(kept.slot, "left 0 10");
  const crowded = { x: [0, 90], y: [108, 108] };
  assert.notEqual(placeLabels(references, area, [crowded], { "Target 30 m": "left 0 10" })[0].slot, "left 0 10");
});

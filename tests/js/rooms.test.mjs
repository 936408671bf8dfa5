import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const FOLDER = fileURLToPath(new URL("../../heimdall_dash/browser/", import.meta.url));
const ROOMS = ["wire", "series", "figure", "charts", "runs", "page"];
const IMPORT = /^import [^;]*? from "(\.[^"]+)";$|^export [^;]*? from "(\.[^"]+)";$|^[^*\n]*= import\("(\.[^"]+)"\)/gm; // the last: when it is needed

const names = readdirSync(FOLDER, { recursive: true }).map(String).filter((name) => name.endsWith(".js"));
const imports = new Map(names.map((name) => {
  const text = readFileSync(join(FOLDER, name), "utf8");
  const found = [...text.matchAll(IMPORT)].map((match) => relative(FOLDER, join(FOLDER, dirname(name), match[1] ?? match[2] ?? match[3])));
  return [name, found];
}));
const roomOf = (name) => (name.includes("/") ? name.split("/")[0] : "main");

test("every module stands in a room, and main.js alone outside", () => {
  assert.deepEqual(names.filter((name) => !ROOMS.includes(roomOf(name))), ["main.js"]);
});

test("what is imported is there, by its full name", () => {
  for (const [name, found] of imports) for (const other of found) assert.ok(names.includes(other), `${name} imports ${other}`);
});

test("a room imports only from rooms to its left", () => {
  const order = [...ROOMS, "main"];
  for (const [name, found] of imports) {
    for (const other of found) {
      assert.ok(order.indexOf(roomOf(other)) <= order.indexOf(roomOf(name)), `${name} imports from ${other}`);
    }
  }
});

test("no circles", () => {
  const done = new Set();
  const visit = (name, way) => {
    assert.ok(!way.includes(name), [...way, name].join(" → "));
    if (done.has(name)) return;
    for (const other of imports.get(name)) visit(other, [...way, name]);
    done.add(name);
  };
  for (const name of names) visit(name, []);
});

test("every module is used, on the way from main.js", () => {
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name)) return;
    reached.add(name);
    imports.get(name).forEach(visit);
  };
  visit("main.js");
  assert.deepEqual(names.filter((name) => !reached.has(name)), []);
});

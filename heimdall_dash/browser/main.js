/* The way in: what heimdall.js, Dash's clientside namespace, imports. */

import { Page } from "./page/page.js";

/**
 * Bring the page to life, once.
 * @param {Object} config  what Python's `page_config` says
 * @param {(id: string, props: Object) => void} setProps  sets properties of a Dash component
 * @returns {Page}
 */
export function start(config, setProps) {
  const page = new Page(config, setProps);
  page.start();
  return page;
}

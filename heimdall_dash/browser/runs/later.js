/* Dash's scripts that the page loads when they are first needed; the index names them (ui/page.py). */

/** @type {Map<string, Promise<void>>} */
const loads = new Map();

/**
 * @param {"grid"|"markdown"} what
 * @param {Document} document
 * @returns {Promise<void>} resolves when Dash can make such components; asked again after a failure, it tries again
 */
export function later(what, document) {
  const known = loads.get(what);
  if (known) return known;
  const sources = [...document.querySelectorAll(`script[data-later="${what}"]`)];
  const load = Promise.all(sources.map((source) => loaded(/** @type {HTMLElement} */ (source).dataset.src ?? "", document))).then(() => {});
  loads.set(what, load);
  load.catch(() => loads.delete(what));
  return load;
}

/** @param {string} src  @param {Document} document  @returns {Promise<void>} */
function loaded(src, document) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.async = false; // one after the other, as the index names them
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${src} did not come`));
    document.head.append(script);
  });
}

/* Keys for the page as a whole: `/` to its search, `?` to what the keys do. */

/** Where a letter is a letter. */
const TYPING = "input, textarea, select, [contenteditable=true], [role=textbox]";

/**
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, target: any}} event
 * @returns {"search"|"help"|null} what the key asks for
 */
export function askedBy({ key, ctrlKey, metaKey, altKey, target }) {
  if (ctrlKey || metaKey || altKey || target?.closest?.(TYPING)) return null;
  return key === "/" ? "search" : key === "?" ? "help" : null;
}

/**
 * @param {KeyboardEvent} event
 * @param {string} tab  that is open
 * @param {Document} page
 */
export function pageKey(event, tab, page) {
  const asked = askedBy(event);
  if (asked === null) return;
  const search = tab === "jobs" ? "jobs-search" : "chart-search";
  const found = asked === "search" ? page.getElementById(search) : page.querySelector(".help");
  if (!(found instanceof HTMLElement) || found.offsetParent === null) return;
  event.preventDefault(); // the letter itself is not meant
  found.focus();
  found.scrollIntoView({ block: "nearest" });
}

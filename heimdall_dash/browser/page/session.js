/* Who looks at the page: told to the style sheet, which leaves out what a reader may not do, and shows
   the way out where there is a token; what people say of a run can be read, not written. The server refuses what is not allowed, whatever is shown. */

const READ_ONLY = ["job-rename", "job-tags", "job-group", "job-notes"];

/**
 * @param {(method: string, url: string) => Promise<any>} call
 * @param {{dataset: DOMStringMap}} root  the document's element
 * @param {Show} show
 */
export async function showSession(call, root, show) {
  const said = await call("GET", "/session").catch(() => null);
  if (!said) return;
  root.dataset.role = said.role;
  root.dataset.session = said.has_token ? "yes" : "no";
  if (said.role === "read") for (const id of READ_ONLY) show(id, { readOnly: true });
}

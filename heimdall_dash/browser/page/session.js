/* Who looks at the page: told to the style sheet, which leaves out what a reader may not do, and shows
   the way out where there is a token. The server refuses what is not allowed, whatever is shown. */

/**
 * @param {(method: string, url: string) => Promise<any>} call
 * @param {{dataset: DOMStringMap}} root  the document's element
 */
export async function showSession(call, root) {
  const said = await call("GET", "/session").catch(() => null);
  if (!said) return;
  root.dataset.role = said.role;
  root.dataset.session = said.has_token ? "yes" : "no";
}

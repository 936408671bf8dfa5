/* The drawer with the controls for reading, on a phone. */

/**
 * @param {HTMLElement} bar  gets the class `is-open`
 * @param {HTMLElement} toggle  the button that opens and closes it
 * @param {Document} page
 */
export function drawer(bar, toggle, page) {
  const isOpen = () => bar.classList.contains("is-open");
  const show = (/** @type {boolean} */ open) => {
    bar.classList.toggle("is-open", open);
    toggle.setAttribute("aria-expanded", String(open));
  };
  toggle.addEventListener("click", () => show(!isOpen()));
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen() || event.defaultPrevented) return;
    const hadFocus = bar.contains(page.activeElement);
    show(false);
    if (hadFocus) toggle.focus();
  });
  page.addEventListener("pointerdown", (event) => {
    const at = /** @type {Element} */ (event.target);
    // a list that a control opens lies elsewhere in the document, and so do dialogs
    if (isOpen() && !bar.contains(at) && !at.closest("[data-portal], .mantine-Popover-dropdown, [role=dialog]")) show(false);
  });
}

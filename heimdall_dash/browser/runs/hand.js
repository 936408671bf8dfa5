/* Whether a select's change is the reader's. Dash's callbacks tell of every value, also of those that
   we set ourselves, and late: taken for the reader's, an old one undoes what came after it, and two
   selects that follow one choice drive one another for ever. */

export class Hand {
  /** @param {HTMLElement} input  of the select */
  constructor(input) {
    this.input = input;
    this.hasTouched = false; // since we last told it a value
    for (const name of ["pointerdown", "click", "keydown", "input"]) {
      document.addEventListener(name, (event) => this._touched(/** @type {Element} */ (event.target)), true);
    }
  }

  /** We set another value. */
  told() {
    this.hasTouched = false;
  }

  /** @param {Element} target  in the select, or in its list, which stands elsewhere in the document */
  _touched(target) {
    const list = this.input.getAttribute("aria-controls");
    const isOurs = this.input.closest(".mantine-InputWrapper-root")?.contains(target)
      || (list !== null && target.closest?.("[role=listbox]")?.id === list);
    if (isOurs) this.hasTouched = true;
  }
}

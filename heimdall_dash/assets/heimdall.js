/* What Dash's callbacks call: each hands one property to the page, which the modules of browser/
   make. The only classic script: Dash's namespace has to be there before the modules are. */
(function () {
  "use strict";

  /** @type {any} */
  const dash = (window.dash_clientside = window.dash_clientside || {});
  /** @type {any} */
  let page = null; // until it is made there are no sockets, and the controls say nothing yet

  /** @param {(page: any) => void} act */
  function withPage(act) {
    if (page !== null) act(page);
    return dash.no_update;
  }

  function triggered() {
    const [first] = dash.callback_context.triggered;
    return first ? first.prop_id.slice(0, first.prop_id.lastIndexOf(".")) : null;
  }

  // ui/value.py: it stands in the layout and draws nothing
  /** @type {any} */ (window).heimdall = { Value: () => null };

  dash.heimdall = {
    async start(/** @type {any} */ config) {
      // the index names the version of the modules, which it also preloads (ui/page.py)
      const main = /** @type {HTMLLinkElement} */ (document.getElementById("browser-main")).href;
      const { start } = await import(main);
      if (page === null) dash.heimdall.page = page = start(config, (/** @type {string} */ id, /** @type {any} */ props) => dash.set_props(id, props));
      return dash.no_update;
    },
    socketMessage: (/** @type {any} */ message) => withPage(({ list }) => list.onMessage(message)),
    socketState: (/** @type {any} */ state) => withPage(({ list }) => list.onState(state)),
    focusWrong() {
      // two frames later the inputs say it: React has drawn what this callback was told
      requestAnimationFrame(() => requestAnimationFrame(() => {
        /** @type {HTMLElement|null} */
        const wrong = document.querySelector("#create-job [aria-invalid=true]");
        wrong?.focus();
      }));
      return dash.no_update;
    },
    control: (/** @type {any} */ value) => withPage((known) => {
      const id = triggered();
      if (id !== null) known.control(id, value);
    }),
  };
})();

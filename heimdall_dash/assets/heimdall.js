/* What Dash's callbacks call: each hands one property to the page, which the modules of browser/
   make. The only classic script: Dash's namespace has to be there before the modules are. */
(function () {
  "use strict";

  const dash = (window.dash_clientside = window.dash_clientside || {});
  let page = null; // until it is made there are no sockets, and the controls say nothing yet

  function withPage(act) {
    if (page !== null) act(page);
    return dash.no_update;
  }

  function triggered() {
    const [first] = dash.callback_context.triggered;
    return first ? first.prop_id.slice(0, first.prop_id.lastIndexOf(".")) : null;
  }

  dash.heimdall = {
    async start(config) {
      // the index names the version of the modules, which it also preloads (ui/page.py)
      const main = document.getElementById("browser-main").href;
      const { start } = await import(main);
      if (page === null) dash.heimdall.page = page = start(config, (id, props) => dash.set_props(id, props));
      return dash.no_update;
    },
    jobSocketMessage: (message) => withPage(({ feed }) => feed.onMessage(message)),
    jobSocketState: (state) => withPage(({ feed }) => feed.onState(state)),
    jobsSocketMessage: (message) => withPage(({ list }) => list.onMessage(message)),
    jobsSocketState: (state) => withPage(({ list }) => list.onState(state)),
    control: (value) => withPage((known) => {
      const id = triggered();
      if (id !== null) known.control(id, value);
    }),
  };
})();

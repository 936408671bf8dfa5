/* What Dash's callbacks call: each hands one property to the page. */
(function (root) {
  "use strict";
  const dash = (root.dash_clientside = root.dash_clientside || {});
  let page = null;

  function withPage(act) {
    if (page !== null) act(page);
    return dash.no_update;
  }

  function triggered() {
    const [first] = dash.callback_context.triggered;
    return first ? first.prop_id.slice(0, first.prop_id.lastIndexOf(".")) : null;
  }

  dash.heimdall = {
    start(config) {
      if (page === null) {
        page = new root.heimdallCore.page.Page(config, (id, props) => dash.set_props(id, props));
        dash.heimdall.page = page;
        page.start();
      }
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
})(window);

// What pages do besides showing themselves. All of it works without, but for the chart.
(function () {
  "use strict";

  // Each request of htmx says that it comes from a page of this session.
  document.addEventListener("htmx:configRequest", function (e) {
    var token = document.body.dataset.formToken;
    if (token) e.detail.headers["X-Form-Token"] = token;
  });

  // Forms open above the page once htmx sends them, and give the focus back when they close.
  var panel = document.getElementById("panel");
  var opener = null;
  document.addEventListener("htmx:afterSettle", function (e) {
    if (e.detail.target.id !== "panel-body") return;
    if (!panel.open) {
      opener = e.detail.requestConfig.elt;
      panel.showModal();
    }
    var first = panel.querySelector("[aria-invalid=true]") || panel.querySelector("[autofocus]") || panel.querySelector("input:not([type=hidden]), select, textarea, button");
    if (first) first.focus();
  });
  panel.addEventListener("close", function () {
    document.getElementById("panel-body").replaceChildren();
    if (opener && opener.isConnected) opener.focus();
  });
  panel.addEventListener("click", function (e) {
    if (e.target.closest("[data-close]")) {
      e.preventDefault();
      panel.close();
    }
  });

  // A / leads to the search.
  document.addEventListener("keydown", function (e) {
    if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || panel.open) return;
    if (e.target.closest("input, textarea, select, [contenteditable]")) return;
    e.preventDefault();
    var sought = document.getElementById("sought");
    if (sought) sought.focus(); else document.querySelector(".brand").click();
  });

  // What was not sent in time is told.
  document.addEventListener("htmx:sendError", function () { document.body.classList.add("offline"); });
  document.addEventListener("htmx:afterOnLoad", function () { document.body.classList.remove("offline"); });

  // The chart draws the entries that are in the table.
  var chart = null;
  function draw() {
    var place = document.getElementById("chart");
    var rows = Array.prototype.slice.call(document.querySelectorAll("tr[data-at]")).reverse();
    if (!place || rows.length < 2 || !window.uPlot) return;
    var at = [], balance = [];
    rows.forEach(function (row) {
      at.push(Number(row.dataset.at));
      balance.push(Number(row.dataset.balance));
    });
    if (at[at.length - 1] - at[0] < 3600) return; // within an hour there is no time to draw
    place.hidden = false;
    if (chart) chart.destroy();
    var css = getComputedStyle(document.documentElement);
    var line = css.getPropertyValue("--accent"), grid = css.getPropertyValue("--line"), text = css.getPropertyValue("--quiet");
    var axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    var months = place.dataset.months.split(","), names = { MMMM: months, MMM: months, WWWW: [], WWW: [] };
    chart = new uPlot({
      width: place.clientWidth, height: 180, legend: { show: false }, cursor: { y: false, points: { size: 7 } }, padding: [8, 28, 0, 0],
      fmtDate: function (template) { return uPlot.fmtDate(template, names); },
      tzDate: function (at) { return uPlot.tzDate(new Date(at * 1000), "Etc/UTC"); },
      scales: { y: { range: function (u, min, max) { return [Math.min(0, min), Math.max(1, max * 1.1)]; } } },
      axes: [Object.assign({}, axis, { values: [ // the least step of the axis, its labels, and what stands below where the year, month, day, hour or minute changes
        [86400 * 365, "{YYYY}", null, null, null, null, null, null, 1],
        [86400 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
        [86400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
        [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1]
      ] }), Object.assign({}, axis, { size: 64, values: function (u, vs) { return vs.map(function (v) { return v.toLocaleString(document.documentElement.lang); }); } })],
      series: [{}, { stroke: line, width: 2, fill: css.getPropertyValue("--fill"), paths: uPlot.paths.stepped({ align: 1 }), points: { show: rows.length < 40, size: 5, fill: line } }]
    }, [at, balance], place);
  }
  function load() {
    var place = document.getElementById("chart");
    if (!place || document.querySelectorAll("tr[data-at]").length < 2) return;
    var style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = place.dataset.sheet;
    var script = document.createElement("script");
    script.src = place.dataset.code;
    script.onload = draw;
    document.head.append(style, script);
  }
  load();
  document.addEventListener("htmx:afterSettle", draw);
  var resized = 0;
  window.addEventListener("resize", function () { clearTimeout(resized); resized = setTimeout(draw, 100); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();

// The chart of the day, drawn from the table below it.
import uPlot from "uplot";
import { clock, timeOf } from "../lib/format.js";
import { translate } from "../lib/translate.js";

const height = 236;
const probe = document.createElement("span");

/**
 * Draws the chart if the page has one, and again whenever its figures change. It returns a function that marks a time, in seconds, by a
 * line.
 */
export function drawDayChart() {
  const box = document.querySelector("[data-chart]");
  if (!box) return () => {};
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", box.dataset.chart);
  box.setAttribute("aria-describedby", "day-summary");
  box.append(probe);
  probe.hidden = true;
  let chart = null;
  const show = () => {
    const data = read();
    box.hidden = !data;
    if (!data) return;
    if (chart) chart.setData(data);
    else chart = new uPlot(options(box), data, box);
  };
  show();
  document.addEventListener("parley:part", (event) => event.target.id === "day-figures" && show());
  new ResizeObserver(() => chart && chart.setSize({ width: inner(box), height })).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart?.redraw());
  return (at) => {
    marked = at;
    chart?.redraw(false);
  };
}

let marked = null; // the time of the line

function drawMark(u) {
  if (marked === null) return;
  const x = Math.round(u.valToPos(marked, "x", true));
  if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
  u.ctx.save();
  u.ctx.setLineDash([]);
  u.ctx.strokeStyle = colour("--c-wait");
  u.ctx.lineWidth = 1.5 * devicePixelRatio;
  u.ctx.beginPath();
  u.ctx.moveTo(x, u.bbox.top);
  u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
  u.ctx.stroke();
  u.ctx.restore();
}

const inner = (box) => {
  const style = getComputedStyle(box);
  return Math.max(200, box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
};

/** The columns of the chart; null when there is not enough for a line. A gap in time is a gap in the lines. */
function read() {
  const root = document.getElementById("day-figures");
  const step = Number(root?.dataset.step);
  const rows = [...(root?.querySelectorAll("[data-figures]") ?? [])].map((row) => row.dataset.figures.split(" ").map(Number));
  if (rows.length < 2) return null;
  const columns = [[], [], [], [], []];
  let last = null;
  for (const [at, waiting, longest, online, load] of rows) {
    if (last !== null && at - last > step * 2) add(columns, [last + step, null, null, null, null]);
    add(columns, [at, waiting, load, online, longest]);
    last = at;
  }
  return columns;
}

const add = (columns, row) => row.forEach((value, i) => columns[i].push(value));

/** A colour of the theme as the canvas can read it: light-dark() is resolved by the element, not by the property. */
function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

function options(box) {
  const font = `11px ${getComputedStyle(box).fontFamily}`;
  const axis = {
    font,
    stroke: () => colour("--ink-3"),
    grid: { stroke: () => colour("--c-grid"), width: 1 },
    ticks: { show: false },
  };
  const round = (u, splits) => splits.map((v) => (Number.isInteger(v) ? String(v) : ""));
  return {
    width: inner(box),
    height,
    padding: [12, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 9, width: 2, fill: (u, i) => u.series[i].stroke(u, i), stroke: () => colour("--surface") } },
    scales: { y: { range: fromZero }, minutes: { range: fromZero } },
    axes: [
      { ...axis, grid: { show: false }, values: (u, splits) => splits.map((s) => timeOf(new Date(s * 1000))), space: 64, size: 28 },
      { ...axis, values: round, size: 34, space: 44 },
      { ...axis, scale: "minutes", side: 1, stroke: () => colour("--amber-ink"), grid: { show: false }, values: round, size: 34, space: 44 },
    ],
    series: [
      {},
      { stroke: () => colour("--c-queue"), fill: () => colour("--c-queue-fill"), width: 2.25, points: { show: false } },
      { stroke: () => colour("--c-queue"), width: 1.5, dash: [5, 4], points: { show: false } },
      { stroke: () => colour("--c-agents"), width: 1.5, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } },
      { scale: "minutes", stroke: () => colour("--c-wait"), width: 2.25, dash: [0.1, 4.5], cap: "round", points: { show: false } },
    ],
    plugins: [tooltip(), { hooks: { draw: drawMark } }],
  };
}

// The scale has whole numbers up to at least 4, so that one waiting user does not fill the chart.
function fromZero(u, min, max) {
  return [0, Math.max(4, Math.ceil((max ?? 0) * 1.1))];
}

/** Shows the figures under the pointer. */
function tooltip() {
  const el = document.createElement("div");
  el.className = "chart-tip";
  el.hidden = true;
  const lines = [
    ["lk", "supervisor.day.waiting", (v) => v],
    ["lk lk-load", "supervisor.day.load", (v) => v],
    ["lk lk-agents", "supervisor.day.online", (v) => v],
    ["lk lk-wait", "supervisor.day.longest", (v) => clock(v * 60)],
  ];
  const move = (u) => {
    const { idx, left } = u.cursor;
    el.hidden = idx == null || left < 0 || u.data[1][idx] == null;
    if (el.hidden) return;
    el.replaceChildren(heading(timeOf(new Date(u.data[0][idx] * 1000))), ...lines.map(([key, label, write], i) => line(key, `${write(u.data[i + 1][idx])} ${translate(label)}`)));
    const right = left + 16 + el.offsetWidth > u.over.clientWidth;
    el.style.left = `${u.over.offsetLeft + (right ? left - 16 - el.offsetWidth : left + 16)}px`;
  };
  return { hooks: { init: (u) => u.root.append(el), setCursor: move } };
}

function heading(text) {
  const b = document.createElement("b");
  b.textContent = text;
  return b;
}

function line(key, text) {
  const span = document.createElement("span");
  const i = document.createElement("i");
  i.className = key;
  span.append(i, text);
  return span;
}

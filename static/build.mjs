// Builds static/dist from static/src and the npm packages: `npm run build`.
// Entries that do not exist are left out, so every screen can come in its own time.
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const src = join(root, "static/src");
const dist = join(root, "static/dist");
const run = promisify(execFile);

const copied = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "sse.js": "htmx-ext-sse/dist/sse.min.js",
  "idiomorph.js": "idiomorph/dist/idiomorph-ext.min.js",
  "uplot.js": "uplot/dist/uPlot.iife.min.js",
  "uplot.css": "uplot/dist/uPlot.min.css",
};
const scripts = ["loader", "widget", "workbench", "supervisor", "admin", "login", "demo"];
const sheets = ["app", "widget", "demo"];

// A customer's page pays for the loader on every visit.
const budgets = { "loader.js": 5 * 1024 };

const made = new Set([".gitkeep"]);
const existing = (names, ending) => names.filter((name) => existsSync(join(src, name + ending)));

async function copyPackages() {
  await Promise.all(Object.entries(copied).map(async ([name, from]) => {
    made.add(name);
    await cp(join(root, "node_modules", from), join(dist, name));
  }));
}

/** static/src/assets holds what is served as it is: pictures, sounds. */
async function copyAssets() {
  const from = join(src, "assets");
  if (!existsSync(from)) return;
  for (const name of await readdir(from)) made.add(name);
  await cp(from, dist, { recursive: true });
}

async function bundleScripts() {
  const entries = existing(scripts, ".js");
  for (const name of entries) made.add(name + ".js");
  if (entries.length === 0) return;
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: entries.map((name) => `static/src/${name}.js`),
    outdir: "static/dist",
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
}

async function compileSheets() {
  const cli = join(root, "node_modules/@tailwindcss/cli/dist/index.mjs");
  await Promise.all(existing(sheets, ".css").map(async (name) => {
    made.add(name + ".css");
    const files = ["--input", join(src, name + ".css"), "--output", join(dist, name + ".css")];
    await run(process.execPath, [cli, ...files, "--minify"], { cwd: root });
  }));
}

async function removeStale() {
  const stale = (await readdir(dist)).filter((name) => !made.has(name));
  await Promise.all(stale.map((name) => rm(join(dist, name), { recursive: true })));
}

async function checkBudgets() {
  for (const [name, limit] of Object.entries(budgets)) {
    if (!made.has(name)) continue;
    const size = gzipSync(await readFile(join(dist, name)), { level: 9 }).length;
    if (size > limit) throw new Error(`static/dist/${name} is ${size} bytes gzipped, more than its ${limit}`);
  }
}

try {
  await mkdir(dist, { recursive: true });
  await Promise.all([copyPackages(), copyAssets(), bundleScripts(), compileSheets()]);
  await removeStale();
  await checkBudgets();
} catch (err) {
  console.error(err.stderr || err.message);
  process.exit(1);
}

// Builds static/dist from static/src and the npm packages: `npm run build`.
// static/src holds the entries, one script and one sheet for each screen; a missing one fails the build.
// What they share is in static/src/lib, and what belongs to one screen alone in the folder with its name.
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { gzipAsync as zopfli } from "@gfx/zopfli";
import esbuild from "esbuild";
import { parse } from "smol-toml";
import { minify } from "terser";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const src = join(root, "static/src");
const dist = join(root, "static/dist");
const run = promisify(execFile);

const copied = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "idiomorph.js": "idiomorph/dist/idiomorph.min.js",
  "uplot.css": "uplot/dist/uPlot.min.css",
};
const scripts = ["trusted-types", "loader", "widget", "workbench", "supervisor", "wallboard", "admin", "demo", "continue", "notice-worker"];
// What a page loads only when it is used, as a module.
const lazy = ["canned-replies", "leave", "palette", "rating", "transcript"];
const sheets = ["app", "widget", "demo"];

// The loader is loaded by host pages, as a script and as a module, and contains its few texts in one language: loader.js in English,
// loader.de.js in German. What a page in another language needs are modules of their own, such as words.de.mjs.
const modules = ["loader"];
const languages = ["en", "zh-CN", "zh-TW", "es", "pt-BR", "fr", "de", "it", "ja", "ko", "ru", "tr", "ar", "he", "hi", "id"];
const rightToLeft = ["ar", "he"];
const wordsOf = "widget.loader.";
const wordsName = "PARLEY_WORDS";

// The emoji picker is loaded when it is opened: one module for each language, with the names of the emoji and the texts of the picker.
const emojiWordsOf = "emoji.";
// Emoji have English names in languages for which the package has none.
const emojiNames = {
  en: "en/emojibase", "zh-CN": "zh/emojibase", "zh-TW": "zh-hant/cldr", es: "es/cldr", "pt-BR": "pt/cldr", fr: "fr/cldr", de: "de/cldr", it: "it/cldr",
  ja: "ja/cldr", ko: "ko/cldr", ru: "ru/cldr", hi: "hi/cldr",
};

// Names of properties that only the loader's own modules use, in no message and in no object of the browser: they may be shortened.
const internal = /^(attention|forget|held|hold|keep|kept|launcher|look|make|moved|own|phone|tell)$/;

// The loader's settings for the site, in its source; and in the built file, where the server finds it and replaces it: see static/loader.go.
const lookName = "PARLEY_LOOK";
const noLook = "{ }";

// Every visit of a host page downloads the loader; an agent downloads the list of canned replies and the command palette when they are first opened.
const budgets = { "loader.js": 5 * 1024, "loader.mjs": 5 * 1024, "canned-replies.mjs": 11 * 1024, "palette.mjs": 13 * 1024 };
const squeezed = [...Object.keys(budgets), "widget.js", "widget.css"]; // with the best compression; the others are compressed as all files
for (const lang of languages.slice(1)) for (const ending of ["js", "mjs"]) budgets[`loader.${lang}.${ending}`] = 5 * 1024;

const made = new Set([".gitkeep"]);

async function copyPackages() {
  await Promise.all(Object.entries(copied).map(async ([name, from]) => {
    made.add(name);
    await cp(join(root, "node_modules", from), join(dist, name));
  }));
}

/** Copies static/src/assets, which holds the pictures, as they are. */
async function copyAssets() {
  const from = join(src, "assets");
  for (const name of await readdir(from)) made.add(name);
  await cp(from, dist, { recursive: true });
}

async function bundleScripts() {
  const plugins = [wordsFrom(wordsName), sheetsAsText];
  const bundle = async (ending, format, entries) => {
    for (const name of entries) made.add(name + ending);
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: entries.map((name) => `static/src/${name}${ending}`),
      outdir: "static/dist",
      outExtension: { ".js": ending },
      bundle: true,
      minify: true,
      format,
      target: ["es2022"],
      charset: "utf8",
      legalComments: "none",
      logLevel: "warning",
      plugins,
    });
  };
  await Promise.all([bundle(".js", "iife", scripts), bundle(".mjs", "esm", [...modules, ...lazy]), ...languages.map(bundleEmoji)]);
  await Promise.all([".js", ".mjs"].flatMap((ending) => modules.map((name) => squeeze(name + ending))));
}

/** Minifies the loader as far as possible, because every visitor of a host page downloads it, and writes it once for each language. */
async function squeeze(name) {
  const path = join(dist, name);
  const compress = { passes: 6, ecma: 2020, unsafe_arrows: true, pure_getters: true }; // we use neither "this" of arrows nor getters with effects
  const { code } = await minify(await readFile(path, "utf8"), { module: name.endsWith(".mjs"), ecma: 2020, compress, mangle: { properties: { regex: internal } } });
  if (code.split(lookName).length !== 2 || code.includes(noLook)) throw new Error(`${name} has no place for the looks of sites`);
  if (code.split(wordsName).length !== 2) throw new Error(`${name} has no place for its texts`);
  const loader = code.replace(lookName, noLook);
  const [base, ending] = [name.slice(0, -extname(name).length), extname(name)];
  for (const lang of languages) {
    const said = await loaderWords(lang);
    const file = lang === "en" ? name : `${base}.${lang}${ending}`;
    made.add(file).add(`words.${lang}.mjs`);
    await writeFile(join(dist, file), loader.replace(wordsName, () => said));
    await writeFile(join(dist, `words.${lang}.mjs`), `export default${said}`);
  }
}

async function bundleEmoji(lang) {
  const name = `emoji-${lang}.mjs`;
  made.add(name);
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["static/src/emoji.js"],
    outfile: join("static/dist", name),
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    loader: { ".svg": "text" },
    plugins: [wordsFrom(JSON.stringify(await wordsIn(lang, emojiWordsOf)).replaceAll("{{.Count}}", "#")), emojiFrom(await emojiList(lang)), sheetsAsText],
  });
}

/** The emoji as [emoji, group, name, words to search for, version, toned], where toned has \u{1F3FD} in the place of a skin tone. */
async function emojiList(lang) {
  const read = async (names) => JSON.parse(await readFile(join(root, `node_modules/emoji-picker-element-data/${names}/data.json`), "utf8"));
  const english = new Map((await read(emojiNames.en)).map(({ emoji, annotation }) => [emoji, annotation]));
  return (await read(emojiNames[lang] ?? emojiNames.en)).filter(({ group }) => group !== undefined && group !== 2).map(({ emoji, group, annotation, tags = [], skins = [], version }) => {
    const words = [...new Set([...tags, english.get(emoji)])].filter((word) => word && word !== annotation);
    const toned = skins.find(({ tone }) => tone === 3)?.emoji;
    const entry = [emoji, group, annotation, words.join(" "), version];
    return toned ? [...entry, toned] : entry;
  });
}

/** Resolves `import list from "@parley-emoji@"` to the emoji. */
function emojiFrom(list) {
  return {
    name: "emoji",
    setup(build) {
      build.onResolve({ filter: /^@parley-emoji@$/ }, ({ path }) => ({ path, namespace: "emoji" }));
      build.onLoad({ filter: /.*/, namespace: "emoji" }, () => ({ contents: JSON.stringify(list), loader: "json" }));
    },
  };
}

/** The texts of the loader as a literal, with # in the place of the count. Its lang is the beginning of the tag. */
async function loaderWords(lang) {
  const { unread, ...words } = await wordsIn(lang, wordsOf);
  const said = { lang: lang.slice(0, 2), ...words, unread: unread.other ? unread : { other: unread } };
  if (rightToLeft.includes(lang)) said.dir = "rtl";
  return JSON.stringify(said).replaceAll("{{.Count}}", "#").replace(/"(\w+)":/g, "$1:");
}

async function wordsIn(lang, prefix) {
  let words = parse(await readFile(join(root, `views/text/${lang}.toml`), "utf8"));
  for (const part of prefix.split(".").filter(Boolean)) words = words[part];
  return words;
}

/** Resolves `import words from "@parley-words@"` to the value of a JavaScript expression. */
function wordsFrom(said) {
  return {
    name: "words",
    setup(build) {
      build.onResolve({ filter: /^@parley-words@$/ }, ({ path }) => ({ path, namespace: "words" }));
      build.onLoad({ filter: /.*/, namespace: "words" }, () => ({ contents: `export default ${said}`, loader: "js" }));
    },
  };
}

/** Resolves `import style from "./style.css"` to the content of the style sheet. */
const sheetsAsText = {
  name: "sheets",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await esbuild.transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: ["chrome123", "safari17.5", "firefox128"] });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

async function compileSheets() {
  const cli = join(root, "node_modules/@tailwindcss/cli/dist/index.mjs");
  await Promise.all(sheets.map(async (name) => {
    made.add(name + ".css");
    const files = ["--input", join(src, name + ".css"), "--output", join(dist, name + ".css")];
    await run(process.execPath, [cli, ...files, "--minify"], { cwd: root });
  }));
}

async function removeStale() {
  const stale = (await readdir(dist)).filter((name) => !made.has(name));
  await Promise.all(stale.map((name) => rm(join(dist, name), { recursive: true })));
}

/** Compresses the files once, at the highest level. */
async function compress() {
  const pack = { ".gz": (raw, name) => (squeezed.includes(name) ? zopfli(raw, { numiterations: 50 }) : promisify(gzip)(raw, { level: 9 })), ".br": (raw) => promisify(brotliCompress)(raw, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } }) };
  const names = [...made].filter((name) => [".js", ".mjs", ".css", ".svg"].includes(extname(name)));
  await Promise.all(names.flatMap((name) => Object.entries(pack).map(async ([ending, packed]) => {
    made.add(name + ending);
    await writeFile(join(dist, name + ending), await packed(await readFile(join(dist, name)), name));
  })));
}

async function checkBudgets() {
  for (const [name, limit] of Object.entries(budgets)) {
    const { length: size } = await readFile(join(dist, name + ".gz"));
    if (size > limit) throw new Error(`static/dist/${name} is ${size} bytes gzipped, more than its ${limit}`);
  }
}

try {
  await mkdir(dist, { recursive: true });
  await Promise.all([copyPackages(), copyAssets(), bundleScripts(), compileSheets()]);
  await compress();
  await removeStale();
  await checkBudgets();
} catch (err) {
  console.error(err.stderr || err.message);
  process.exit(1);
}

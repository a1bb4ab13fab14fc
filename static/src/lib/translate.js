// The texts of the page, from <meta name="words">: the same catalogue that the server uses.
const texts = JSON.parse(document.querySelector('meta[name="words"]')?.content || "{}");
export const lang = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(lang);

/** Returns the text of key with values in place of {{.Name}}; a value Count also chooses the plural form. */
export function translate(key, values = {}) {
  let text = texts[key];
  if (text === undefined) return key;
  if (typeof text === "object") text = text[plural.select(Number(values.Count))] ?? text.other;
  return text.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name) => values[name] ?? "");
}

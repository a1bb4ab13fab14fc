// The texts of the page, from <meta name="words">: the same catalogue that the server speaks from.
const texts = JSON.parse(document.querySelector('meta[name="words"]')?.content || "{}");
export const lang = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(lang);

/** Says key with values in the places of {{.Name}}; a value Count also chooses the plural form. */
export function word(key, values = {}) {
  let said = texts[key];
  if (said === undefined) return key;
  if (typeof said === "object") said = said[plural.select(Number(values.Count))] ?? said.other;
  return said.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name) => values[name] ?? "");
}

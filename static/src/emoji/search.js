// The search for emoji by name and other words, in any language.
const most = 120;

/** Returns the emoji for a query, best first: each of its words begins a word of the emoji, or in Chinese is anywhere in one. */
export function searchEmoji(emoji, query) {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const ranked = [];
  for (const one of emoji) {
    one.name_ ??= ` ${one.name.toLowerCase()}`;
    one.all ??= `${one.name_} ${one.more.toLowerCase().replace(/[-_,()]/g, " ")}`;
    const rank = wanted.reduce((sum, word) => sum + rankOf(one, word), one.text === query.trim() ? -9 : 0);
    if (Number.isFinite(rank)) ranked.push([rank, one]);
  }
  return ranked.sort((a, b) => a[0] - b[0]).slice(0, most).map(([, one]) => one);
}

function rankOf({ text, name_, all }, word) {
  if (text === word || name_ === ` ${word}`) return 0;
  if (name_.startsWith(` ${word}`)) return 1;
  const part = /[a-z0-9]/.test(word) ? ` ${word}` : word;
  if (name_.includes(part)) return 2;
  return all.includes(part) ? 3 : Infinity;
}

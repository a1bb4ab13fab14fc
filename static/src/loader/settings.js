// The settings of a site, on the tag (data-position="left") or as an object ({ position: "left" }).
const dark = "#05262d"; // the text on a colour that is too light for white

const text = (most) => [(value) => [...value].length <= most && value, `at most ${most} characters`];
const among = (...known) => [(value) => known.includes(value) && value, known.join(" or ")];

// How each setting is read: the parser returns "" or false for an invalid value. The second item describes the valid ones.
const rules = {
  __proto__: null,
  site: text(40),
  label: text(24),
  department: text(40),
  language: [(value) => /^[a-z]{2,3}\b/i.test(value) && value, "as de"],
  theme: among("light", "dark", "auto"),
  position: among("right", "left"),
  offset: [pixels, "0 to 200, as in 20 80"],
  colour: [(value) => textOn(value) && value, "#rrggbb, contrast 4.5"],
};

/**
 * Reads given, an object or the dataset of a tag, into settings. An invalid value changes nothing and is reported once; null or "" restores
 * the default.
 */
export function read(given, settings) {
  const bad = [];
  for (const key in given) {
    const name = key === "color" ? "colour" : key;
    const [take, allowed] = rules[name] ?? [];
    if (given[key] === undefined || (!take && given instanceof DOMStringMap)) continue; // a tag may have other attributes
    const asked = String(given[key] ?? "").trim();
    const taken = asked && take?.(asked);
    if (taken) settings[name] = taken;
    else if (asked) bad.push(`${key} "${asked}" (${allowed ?? "there is " + Object.keys(rules)})`);
    else delete settings[name];
  }
  if (bad[0]) console.warn("Parley ignores " + bad.join(", "));
  return settings;
}

function pixels(value) {
  const [, side, bottom = side] = /^(\d+)(?:[\s,]+(\d+))?$/.exec(value) ?? [];
  return side <= 200 && bottom <= 200 && [side + "px", bottom + "px"];
}

/** Returns the text colour with enough contrast on a colour: white or dark, or false if neither has. */
export function textOn(colour) {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return false;
  const light = colour.match(/\w\w/g).reduce((sum, part, i) => {
    const value = parseInt(part, 16) / 255;
    return sum + [0.2126, 0.7152, 0.0722][i] * (value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92);
  }, 0.05);
  // 4.5 times the light of dark, which is 0.0161, and a 4.5th of that of white, each with the 0.05 of the formula.
  return light <= 1.05 / 4.5 ? "#fff" : light >= 0.29736 && dark;
}

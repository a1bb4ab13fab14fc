import forms from "@tailwindcss/forms";

// Every token is a custom property that static/src/app.css defines for both themes.
const tokens = [
  "canvas", "surface", "raised", "sunken", "hover", "line", "line-strong",
  "ink", "ink-2", "ink-3",
  "accent", "accent-hover", "accent-press", "on-accent", "accent-soft", "accent-line",
  "bubble-own", "on-bubble", "on-bubble-2",
  "amber", "amber-ink", "amber-soft", "amber-line",
  "red", "red-ink", "red-soft", "red-line",
  "green", "green-ink", "green-soft",
  "violet", "violet-ink", "violet-soft", "violet-line",
  "focus",
];

/** @type {import('tailwindcss').Config} */
export default {
  content: ["./views/**/*.templ", "./views/**/*.go", "./static/src/**/*.js"],
  theme: {
    extend: {
      colors: Object.fromEntries(tokens.map((name) => [name, `var(--${name})`])),
    },
  },
  // Only where asked for by class: the fields have a look of their own.
  plugins: [forms({ strategy: "class" })],
};

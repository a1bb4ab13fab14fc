// What the next page of the site has to know. Nothing is stored before the first open; a page without storage remembers for itself.
const key = "parley";
let here = {};

function tried(use) {
  try {
    return use(localStorage);
  } catch {
    // there is none, or it is full
  }
}

export const memory = {
  kept: () => tried((store) => JSON.parse(store.getItem(key))) ?? here,
  keep(more) {
    here = { ...memory.kept(), ...more };
    tried((store) => store.setItem(key, JSON.stringify(here)));
  },
  forget() {
    here = {};
    tried((store) => store.removeItem(key));
  },
};

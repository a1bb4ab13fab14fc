// The state for the next page of the site. Nothing is stored before the first open. Without storage the state lasts as long as the page.
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

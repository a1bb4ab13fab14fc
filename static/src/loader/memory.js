// What the next page of the site has to know. Nothing is stored before the first open.
const key = "parley";

export const memory = {
  kept() {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? {};
    } catch {
      return {};
    }
  },
  keep(more) {
    try {
      localStorage.setItem(key, JSON.stringify({ ...this.kept(), ...more }));
    } catch {
      // a page without storage forgets
    }
  },
  forget() {
    try {
      localStorage.removeItem(key);
    } catch {
      // nothing was kept
    }
  },
};

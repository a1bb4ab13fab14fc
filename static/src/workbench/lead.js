// Of all tabs of the workbench one leads: it alone makes sounds and shows notices.
let leads = false;

export const isLeader = () => leads;

export function stand() {
  if (navigator.locks) {
    navigator.locks.request("parley-workbench", () => {
      leads = true;
      return new Promise(() => {}); // held until the tab is gone
    });
    return;
  }
  lease();
}

// Plain http on another host has no locks: a lease in localStorage, renewed while the tab lives.
function lease() {
  const me = String(Math.random());
  const renew = () => {
    const [holder, until] = (localStorage.getItem("parley.lead") || " 0").split(" ");
    leads = holder === me || Number(until) < Date.now();
    if (leads) localStorage.setItem("parley.lead", `${me} ${Date.now() + 5000}`);
  };
  renew();
  setInterval(renew, 2000);
  addEventListener("pagehide", () => leads && localStorage.removeItem("parley.lead"));
}

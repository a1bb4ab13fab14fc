// The registration of the service worker, static/src/notice-worker.js. There is one for all of Parley.

/** Registers the worker at an address, and waits until it is active. Rejects on plain http, in private windows and without support. */
export async function registerWorker(address) {
  const registration = await navigator.serviceWorker.register(address);
  await isActive(registration.active ?? registration.waiting ?? registration.installing);
  return registration;
}

function isActive(worker) {
  return new Promise((done) => {
    const look = () => ["activated", "redundant"].includes(worker.state) && done();
    worker.addEventListener("statechange", look);
    look();
  });
}

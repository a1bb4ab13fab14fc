// The service worker of the workbench: it shows notifications where pages cannot, and opens the chat when one is clicked.
// It handles no requests and stores nothing.
addEventListener("install", () => skipWaiting());

addEventListener("notificationclick", (event) => {
  const { path } = event.notification.data;
  event.notification.close();
  event.waitUntil(bring(path));
});

async function bring(path) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find(({ url }) => new URL(url).pathname.includes("/workbench"));
  if (!page) return clients.openWindow(path);
  page.postMessage({ parley: "open", path });
  return page.focus();
}

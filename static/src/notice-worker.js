// The service worker of the workbench: it shows notifications where pages cannot, those of a push service while no window is
// open, and opens the chat when one is clicked. It handles no requests and stores nothing.
addEventListener("install", () => skipWaiting());

// What web/push sends. A browser that gets no text shows that there is something: it must show a notification for each.
addEventListener("push", (event) => {
  const { title = "Parley", body, tag = "parley", path = "/workbench", lang } = read(event.data);
  const below = (address) => new URL(`..${address}`, location.href).href; // this file is in /static, maybe below the path of PUBLIC_URL
  const icon = below("/static/icon-192.png");
  event.waitUntil(registration.showNotification(title, { body, tag, lang, icon, renotify: true, data: { path: new URL(below(path)).pathname } }));
});

function read(data) {
  try {
    return data.json() ?? {};
  } catch {
    return {};
  }
}

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

// The page itself, kept for places without a network; what is newer on the server wins.

const KEPT = "page";
const PAGE = ["./", "upload.js", "queue.js"];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(PAGE)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  const isPage = event.request.method === "GET" && /\/(upload\.js|queue\.js)?$/.test(path);
  if (new URL(event.request.url).origin !== location.origin || !isPage) return;
  event.respondWith(
    fetch(event.request)
      .then(async (answer) => {
        if (answer.ok) await (await caches.open(KEPT)).put(event.request, answer.clone());
        return answer;
      })
      .catch(() => caches.match(event.request)),
  );
});

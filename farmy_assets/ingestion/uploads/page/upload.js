// The page: what a person sets and takes, and what became of it.

import { AlreadyThere, NotKnown, queue, Refusal, sha256, status, TooMuch, Unreachable, upload }
  from "./queue.js";

const SETTINGS = ["token", "campaign", "crop", "field", "licence"];
const AGAIN_MS = 5000;
const IN_WORDS = {
  kept: "kept on this phone", sending: "being sent", stored: "sent", catalogued: "in the catalog",
  refused: "broken on its way: it is sent again", removed: "was taken out of the lake",
  conflict: "is in the lake already, with other details",
};
const TYPES = { jpg: "jpeg", jpeg: "jpeg", png: "png", webp: "webp", heic: "heic", heif: "heic",
  avif: "avif", tif: "tiff", tiff: "tiff" };

const $ = (id) => document.getElementById(id);
const pictures = new Map();
let atWork = false;
let taking = 0; // photographs chosen, and not kept yet
let notKept = ""; // told until photographs are taken again
let pausedUntil = 0; // too much was sent

function tell(text, isBad = false) {
  $("told").textContent = text;
  $("told").classList.toggle("bad", isBad);
}

// ---------------------------------------------------------------- settings

function setTo(name, value) {
  localStorage.setItem(name, value.trim());
  $(name).value = value.trim();
  pausedUntil = 0;
}

for (const name of SETTINGS) {
  $(name).value = localStorage.getItem(name) ?? "";
  $(name).addEventListener("change", () => {
    setTo(name, $(name).value);
    work();
  });
}

/** A value as it may be shown: of a token only whose it is. */
const shown = (name, value) => (name === "token" ? value.split(".")[0] : value) || "nothing";

/**
 * A link brings the token and the campaign behind #, which is sent to no server. It fills in what
 * is empty; what is set already it changes only if the person says so.
 */
async function takeLink() {
  const link = new URLSearchParams(location.hash.slice(1));
  if (location.hash) history.replaceState(null, "", location.pathname);
  const told = SETTINGS.filter((name) => link.has(name) && link.get(name).trim() !== $(name).value);
  const changed = told.filter((name) => $(name).value);
  if (changed.length && !await wanted(link, told)) return;
  for (const name of told) setTo(name, link.get(name));
}

async function wanted(link, told) {
  const waiting = (await queue.all()).filter(isOpen).length;
  $("link-changes").replaceChildren(...told.map((name) => {
    const row = document.createElement("li");
    const label = document.querySelector(`label[for="${name}"]`).textContent.toLowerCase();
    row.textContent = `${label}: ${shown(name, link.get(name).trim())} in place of ` +
      shown(name, $(name).value);
    return row;
  }));
  $("link-waiting").textContent = waiting && told.includes("token")
    ? `Photographs that wait on this phone would be sent with the other token: ${waiting}.` : "";
  const dialog = $("link");
  return new Promise((resolve) => {
    const answer = (uses) => () => {
      resolve(uses);
      dialog.close();
    };
    $("link-use").onclick = answer(true);
    $("link-keep").onclick = answer(false);
    dialog.oncancel = () => resolve(false); // the key Escape
    if (!dialog.open) dialog.showModal();
  });
}

$("place").checked = localStorage.getItem("place") === "yes";
$("place").addEventListener("change", () =>
  localStorage.setItem("place", $("place").checked ? "yes" : "no"));

function position() {
  if (!$("place").checked || !navigator.geolocation) return Promise.resolve(null);
  return new Promise((resolve) =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({ latitude_deg: coords.latitude, longitude_deg: coords.longitude }),
      () => resolve(null),
      { timeout: 4000, maximumAge: 60000 },
    ));
}

// ---------------------------------------------------------------- taking photographs

/**
 * Keep each photograph by itself; whether all are kept. Nothing is sent meanwhile: what the page
 * says of sending would look as if all were kept, and a person would leave.
 */
async function take(files) {
  taking += files.length;
  const lost = [];
  tell(`Keeping ${taking} on this phone: do not leave the page yet.`);
  const here = await position();
  for (const file of files) {
    await keep(file, here).catch((error) => lost.push(`${file.name} (${error.message})`));
    taking -= 1;
  }
  notKept = lost.length ? `This phone cannot keep ${lost.join(", ")}: take it again.` : "";
  await draw();
  work();
  return !notKept;
}

async function keep(file, here) {
  const suffix = file.name.split(".").pop().toLowerCase();
  const mediaType = file.type.startsWith("image/") ? file.type : `image/${TYPES[suffix] ?? suffix}`;
  const request = {
    name: file.name, size_bytes: file.size, sha256: await sha256(file), media_type: mediaType,
    campaign: $("campaign").value.trim(), captured_at: new Date(file.lastModified).toISOString(),
  };
  for (const name of ["crop", "field", "licence"]) {
    if ($(name).value.trim()) request[name] = $(name).value.trim();
  }
  if (here) request.position = here;
  await queue.keep({
    clientId: crypto.randomUUID(), request, blob: file, state: "kept", takenAt: Date.now(),
  });
}

for (const id of ["camera", "files"]) {
  $(id).addEventListener("change", async () => {
    const files = [...$(id).files];
    $(id).value = "";
    await take(files);
  });
}

// ---------------------------------------------------------------- sending them

function isOpen(item) {
  return !["catalogued", "removed", "stuck", "conflict"].includes(item.state);
}

async function advance(item) {
  const token = $("token").value.trim();
  try {
    if (item.state === "stored") {
      item.state = await status(token, item.clientId);
    } else {
      mark(item.clientId, "sending");
      item.state = await upload(token, item, (share) => mark(item.clientId, "sending", share));
    }
  } catch (error) {
    mark(item.clientId, item.state);
    if (!(error instanceof Refusal || error instanceof AlreadyThere)) throw error;
    item.state = error instanceof AlreadyThere ? "conflict" : "stuck";
    item.why = error.message;
  }
  await queue.keep(item);
  mark(item.clientId, item.state, undefined, item.why);
}

async function work() {
  if (atWork || taking || $("link").open || Date.now() < pausedUntil) return;
  atWork = true;
  try {
    const open = (await queue.all()).filter(isOpen);
    if (!$("token").value.trim() || !$("campaign").value.trim()) {
      $("settings").open = true;
      tell("Give your token and the campaign first.", true);
    } else {
      let trouble;
      for (const item of open.sort((a, b) => a.takenAt - b.takenAt)) {
        if (!item.request.campaign) item.request.campaign = $("campaign").value.trim();
        await advance(item).catch((error) => {
          if (error instanceof TooMuch) pausedUntil = Date.now() + error.seconds * 1000;
          if ([Unreachable, NotKnown, TooMuch].some((kind) => error instanceof kind)) throw error;
          trouble = `${error.message}; it goes on by itself.`; // one's trouble holds up no other
        });
      }
      await summary(trouble);
    }
  } catch (error) {
    const why = error instanceof NotKnown
      ? "Your token is not good, or not any more: ask whoever gave it to you for a new link."
      : error instanceof Unreachable ? "No network now; it goes on by itself."
      : error instanceof TooMuch ? `${error.message}. It goes on by itself.` : error.message;
    await summary(why);
  } finally {
    atWork = false;
  }
}

// ---------------------------------------------------------------- showing it

function mark(clientId, state, share, why) {
  const row = document.querySelector(`li[data-id="${clientId}"]`);
  if (!row) return;
  row.dataset.state = state;
  row.className = state === "catalogued" ? "done" : ["stuck", "refused", "conflict"].includes(state) ? "bad" : "";
  row.querySelector(".state").textContent = why ?? IN_WORDS[state] ?? state;
  row.querySelector("progress").hidden = state !== "sending" || share === undefined;
  row.querySelector("progress").value = share ?? 0;
  row.querySelector("button").hidden = state !== "stuck";
}

async function draw() {
  const items = (await queue.all()).sort((a, b) => b.takenAt - a.takenAt);
  $("queue").replaceChildren(...items.map((item) => {
    const row = document.createElement("li");
    row.dataset.id = item.clientId;
    const image = document.createElement("img");
    if (!pictures.has(item.clientId)) pictures.set(item.clientId, URL.createObjectURL(item.blob));
    image.src = pictures.get(item.clientId);
    image.alt = "";
    const text = document.createElement("div");
    text.style.minWidth = 0;
    text.innerHTML = '<div class="name"></div><div class="state"></div><progress max="1"></progress>';
    text.firstChild.textContent = item.request.name;
    const again = document.createElement("button");
    again.textContent = "Try again";
    again.addEventListener("click", async () => {
      // The request may have been at fault: a new id, and what the settings say now.
      again.disabled = true;
      if (!await take([item.blob])) return; // the old one is still there
      await queue.drop(item.clientId);
      pictures.delete(item.clientId);
      await draw();
    });
    row.append(image, text, again);
    return row;
  }));
  for (const item of items) mark(item.clientId, item.state, undefined, item.why);
  await summary();
}

async function summary(trouble) {
  if (taking) return; // take() says what happens, and what came of it
  const items = await queue.all();
  const done = items.filter((item) => item.state === "catalogued").length;
  const stuck = items.filter((item) => item.state === "stuck").length;
  const there = items.filter((item) => item.state === "conflict").length;
  $("clear").hidden = done + there === 0;
  if (!items.length) return tell(notKept || "Nothing waits on this phone.", Boolean(notKept));
  const counts = `${done} of ${items.length} in the catalog` +
    `${there ? `, ${there} there already otherwise` : ""}${stuck ? `, ${stuck} need you` : ""}.`;
  const bad = [notKept, trouble].filter(Boolean);
  tell([counts, ...bad].join(" "), Boolean(bad.length || stuck));
}

$("clear").addEventListener("click", async () => {
  for (const item of await queue.all()) {
    if (!["catalogued", "conflict"].includes(item.state)) continue;
    await queue.drop(item.clientId);
    URL.revokeObjectURL(pictures.get(item.clientId));
    pictures.delete(item.clientId);
  }
  await draw();
});

addEventListener("beforeunload", (event) => {
  if (taking) event.preventDefault(); // the browser asks the person first
});
addEventListener("online", () => {
  pausedUntil = 0;
  work();
});
addEventListener("hashchange", () => takeLink().then(work));
setInterval(work, AGAIN_MS);
navigator.storage?.persist?.();
navigator.serviceWorker?.register("offline.js");
await draw();
await takeLink();
$("settings").open = !$("token").value || !$("campaign").value;
work();

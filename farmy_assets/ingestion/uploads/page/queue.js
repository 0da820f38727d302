// The photographs that wait on this phone, and how one of them is sent. Every step may be repeated:
// the client's id of an upload is made once, and kept with the bytes.

const STORE = "photographs";

function database() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("uploads", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "clientId" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function transact(mode, work) {
  const db = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, mode);
      const asked = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    db.close();
  }
}

export const queue = {
  all: () => transact("readonly", (store) => store.getAll()),
  keep: (item) => transact("readwrite", (store) => store.put(item)),
  drop: (clientId) => transact("readwrite", (store) => store.delete(clientId)),
};

/** What has to be mended by a person: trying again by itself would not help. */
export class Refusal extends Error {}

/** The token proves nobody; the photographs are not to blame. */
export class NotKnown extends Error {}

/** The photograph is in the lake already, with other details or from somebody else. */
export class AlreadyThere extends Error {}

/** Too much was sent, or is open; after so many seconds there may be room. */
export class TooMuch extends Error {
  constructor(text, seconds) {
    super(text);
    this.seconds = seconds;
  }
}

/** There is no network, or it broke. */
export class Unreachable extends Error {}

export async function sha256(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function call(token, path, body) {
  const answer = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => { throw new Unreachable(); });
  const told = await answer.json();
  if (answer.ok) return told;
  if (answer.status === 401) throw new NotKnown();
  if (answer.status === 429) throw new TooMuch(told.detail, told.retry_after_seconds ?? 60);
  if (answer.status >= 500) throw new Error(told.detail);
  if (answer.status === 409 && told.stands) throw new AlreadyThere(told.detail);
  throw new Refusal(told.detail ?? told.title);
}

/** Bytes to an address; fetch cannot tell how far it is. */
function send(method, url, body, onSent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () =>
      request.status < 300 ? resolve() : reject(new Error(`the lake answered ${request.status}`));
    request.onerror = request.ontimeout = () => reject(new Unreachable());
    request.send(body);
  });
}

/**
 * Send one photograph, or go on where it stopped; its state at the end.
 * onSent is told the share that is sent, 0 to 1.
 */
export async function upload(token, item, onSent) {
  const { blob, clientId } = item;
  let told = await call(token, "uploads", { client_id: clientId, ...item.request });
  const share = (bytes) => onSent(Math.min(1, bytes / blob.size));
  if (told.form) {
    const form = new FormData();
    for (const [name, value] of Object.entries(told.form.fields)) form.append(name, value);
    form.append("file", blob);
    await send("POST", told.form.url, form, share);
  } else if (told.parts) {
    let sent = blob.size - told.parts.reduce((sum, part) => sum + part.size_bytes, 0);
    for (const part of told.parts) {
      const piece = blob.slice(part.offset_bytes, part.offset_bytes + part.size_bytes);
      await send("PUT", part.url, piece, (bytes) => share(sent + bytes));
      sent += part.size_bytes;
    }
    told = await call(token, `uploads/${clientId}/complete`, {});
  }
  return status(token, clientId);
}

export async function status(token, clientId) {
  return (await call(token, `uploads/${clientId}`)).state;
}

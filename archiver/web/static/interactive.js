// Starts the operator's wabac (a service worker) and shows one memento through it.
"use strict";

const place = document.getElementById("view").dataset;
const told = document.getElementById("told");
const COLLECTION = "archive";

function tell(text) {
  told.textContent = text;
  told.hidden = false;
}

function follow(frame) {
  const shown = frame.contentWindow.location.href.match(/\/interactive\/w\/[^/]+\/\d*[a-z]*_?\/(.+)$/);
  if (!shown || shown[1] === place.url) return;
  document.getElementById("where").textContent = shown[1];
  document.getElementById("near").hidden = false;
}

function show() {
  const frame = document.createElement("iframe");
  frame.title = "The archived page";
  frame.sandbox = "allow-scripts allow-same-origin allow-forms";
  frame.src = `/interactive/w/${COLLECTION}/${place.timestamp}mp_/${place.url}`;
  frame.addEventListener("load", () => follow(frame));
  told.hidden = true;
  document.body.append(frame);
}

function heard(event) {
  const said = event.data;
  if (said.name !== COLLECTION) return;
  if (said.msg_type === "collAdded") show();
  if (said.msg_type === "collProgress" && said.error) tell(`The view could not be started: ${said.error}`);
}

async function start() {
  if (!navigator.serviceWorker) {
    tell("This browser has no service workers here; they need https, or localhost.");
    return;
  }
  navigator.serviceWorker.addEventListener("message", heard, { once: false });
  navigator.serviceWorker.startMessages();
  await navigator.serviceWorker.register("/interactive/sw.js", { scope: "/interactive/" });
  const ready = await navigator.serviceWorker.ready;
  ready.active.postMessage({
    msg_type: "addColl",
    name: COLLECTION,
    skipExisting: false,
    type: "live",
    file: { sourceUrl: `proxy:${location.origin}/web/` },
    extraConfig: { prefix: `${location.origin}/web/`, isLive: false, archiveMod: "id_", noPostToGet: false },
  });
}

start().catch((error) => tell(`The view could not be started: ${error.message}`));

// Live frames by WebSocket, and an honest word in the header about how fresh they are.
const sources = new Set();
const RANK = ["live", "connecting", "stale", "reconnecting"];

function show() {
  const sign = document.getElementById("live");
  if (!sign || !sources.size) return;
  const worst = [...sources].sort((a, b) => RANK.indexOf(b.status) - RANK.indexOf(a.status))[0];
  const seconds = Math.round((Date.now() - worst.heard) / 1000);
  const text = sign.dataset[worst.status].replace("%s", `${seconds} s`);
  if (sign.textContent !== text) sign.textContent = text;
  sign.dataset.status = worst.status;
}

setInterval(() => {
  for (const source of sources) source.age();
  show();
}, 500);

async function leaveIfLoggedOut() {
  const answer = await fetch("/api/v1/me").catch(() => null);
  if (answer?.status === 401) location.reload();
}

export class Live {
  // onFrame(frame) for each; onOpen() after every connection, the first too: between the page (or the last frame)
  // and now something may have been missed.
  // staleAfter: seconds without a frame after which what is shown is called stale (0: frames come when they come).
  constructor(path, { onFrame, onOpen = () => {}, staleAfter = 0 }) {
    Object.assign(this, { path, onFrame, onOpen, staleAfter });
    this.status = "connecting";
    this.heard = Date.now();
    this.attempts = 0;
    sources.add(this);
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}${this.path}`);
    this.socket.onopen = () => this.opened();
    this.socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    this.socket.onclose = (event) => this.closed(event.code);
  }

  opened() {
    this.attempts = 0;
    this.heard = Date.now();
    this.become("live");
    this.onOpen();
  }

  hear(frame) {
    this.heard = Date.now();
    this.become("live");
    this.onFrame(frame);
  }

  closed(code) {
    this.become("reconnecting");
    if (code === 4401) return void location.reload(); // logged out meanwhile: the page leads to the login
    if (code === 4403 || this.ended) return void sources.delete(this);
    if (this.attempts > 1) leaveIfLoggedOut(); // a refused handshake has no code of its own
    const pause = Math.min(8000, 500 * 2 ** this.attempts++) * (0.75 + Math.random() / 2);
    setTimeout(() => this.connect(), pause);
  }

  end() {
    this.ended = true;
    this.socket.close();
  }

  age() {
    const silent = (Date.now() - this.heard) / 1000;
    if (this.status === "live" && this.staleAfter && silent > this.staleAfter) this.become("stale");
  }

  become(status) {
    if (this.status === status) return;
    this.status = status;
    show();
  }
}

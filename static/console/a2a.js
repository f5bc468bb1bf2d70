// A2A 1.0 over JSON-RPC as the person who is logged in: the session's cookie, and the CSRF token beside it.
const cookie = (name) => document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";

// What went wrong, with what an operator needs to find it in the log.
export class Refused extends Error {
  constructor({ message, code, data }, request) {
    super(message);
    const [info] = data ?? [];
    this.detail = [info?.reason ?? code, info?.metadata?.requestId ?? request].filter(Boolean).join(" · ");
  }
}

export const request = (method, params) => ({ jsonrpc: "2.0", id: crypto.randomUUID?.() ?? String(Date.now()), method, params });

function post(url, body, extensions, signal) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream, application/json", "A2A-Version": "1.0", "X-CSRFToken": cookie("csrftoken") };
  if (extensions) headers["A2A-Extensions"] = extensions;
  return fetch(url, { method: "POST", signal, headers, body: JSON.stringify(body) });
}

// Every JSON-RPC answer to a request, one for a plain method, many for a stream; `heard` gets each as it came.
export async function* answers(url, body, { extensions = "", signal, heard = () => {} } = {}) {
  const answer = await post(url, body, extensions, signal);
  for await (const told of answer.headers.get("content-type")?.includes("event-stream") ? events(answer) : whole(answer)) {
    heard(told);
    if (told.error) throw new Refused(told.error, answer.headers.get("x-request-id"));
    yield told.result;
  }
}

async function* whole(answer) {
  const text = await answer.text();
  try {
    yield JSON.parse(text);
  } catch {
    throw new Refused({ message: `${answer.status} ${answer.statusText}`.trim() }, answer.headers.get("x-request-id"));
  }
}

async function* events(answer) {
  let waiting = "";
  for await (const piece of pieces(answer.body.pipeThrough(new TextDecoderStream()))) {
    const blocks = (waiting + piece).split(/\r?\n\r?\n/);
    waiting = blocks.pop();
    for (const block of blocks) {
      const data = block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
      if (data.length) yield JSON.parse(data.join("\n"));
    }
  }
}

async function* pieces(stream) {
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    reader.releaseLock();
  }
}

/** Mutual TLS of a process on TCP: it shows the certificate of its launch, and hears only those who show AgentX's. */

import { X509Certificate, createPrivateKey } from "node:crypto";
import { fileURLToPath } from "node:url";

import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

import { Logger } from "./logs.js";

/**
 * What the launch line says about TCP. All PEM; the key never touches a disk.
 * @typedef {{certificate: string, key: string, root: string, host: string, port: number}} Tls
 */

const FILE = fileURLToPath(new URL("../proto/plugin_home.proto", import.meta.url));
const PORTS_TRIED = 64; // a process that takes over from another on one machine cannot have its port yet
const LAST_PORT = 65535;
const logger = new Logger("agentx_sdk.tls");

/** Throws TypeError. @param {any} told @returns {Tls | null} */
export function tlsOf(told) {
  if (!told) return null;
  for (const name of ["certificate", "key", "root"]) {
    if (typeof told[name] !== "string") throw new TypeError(`tls.${name} is missing`);
  }
  if (!Number.isInteger(told.port)) throw new TypeError("tls.port is no number");
  return { ...told, host: String(told.host ?? "127.0.0.1") };
}

/** The certificate in force. Each new connection is shown the newest; those that stand go on. */
export class Credentials {
  #now;
  /** @type {any} Renewing is a protected method of the library's. */
  #forServer;

  /** @param {Tls} tls */
  constructor(tls) {
    this.#now = tls;
    const { ca, key, cert } = options(tls);
    const pair = { private_key: key, cert_chain: cert };
    this.#forServer = grpc.ServerCredentials.createSsl(ca, [pair], true);
  }

  /** The certificate as it stands in the handshake line: its DER in base64. */
  get shown() {
    return new X509Certificate(this.#now.certificate).raw.toString("base64");
  }

  /** Whoever shows no certificate of the same authority is not heard. */
  get forServer() {
    return this.#forServer;
  }

  /**
   * Show another one from now on. Without a key it belongs to the one we have. Throws when they do not fit.
   * @param {string} certificate @param {string} key @param {string} root
   */
  renew(certificate, key, root) {
    const now = this.#now;
    const next = { ...now, certificate, key: key || now.key, root: root || now.root };
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(next.key))) {
      throw new Error("the certificate is not of this key");
    }
    this.#now = next;
    this.#forServer.updateSecureContextOptions(options(next));
    logger.info("showing a new certificate");
  }

  /** PluginCertificates: the core hands over a new one. */
  get service() {
    const definition = /** @type {any} */ (
      protoLoader.loadSync(FILE, { defaults: true })["agentx.plugin.PluginCertificates"]
    );
    const Renew = (/** @type {any} */ call, /** @type {any} */ answer) => {
      const { certificatePem, keyPem, rootPem } = call.request;
      try {
        this.renew(`${certificatePem}`, `${keyPem}`, `${rootPem}`);
        answer(null, { success: true });
      } catch (error) {
        answer(null, { success: false, error: /** @type {Error} */ (error).message });
      }
    };
    return { definition, implementation: { Renew } };
  }
}

/**
 * The address it listens at: the first free port from the one named on.
 * @param {grpc.Server} server @param {Tls} tls @param {Credentials} ours @returns {Promise<string>}
 */
export async function listen(server, tls, ours) {
  const host = tls.host.includes(":") ? `[${tls.host}]` : tls.host;
  const first = Math.max(0, tls.port);
  const last = first ? Math.min(first + PORTS_TRIED - 1, LAST_PORT) : 0;
  for (let port = first; port <= last; port += 1) {
    const found = await bound(server, `${host}:${port}`, ours.forServer);
    if (found) return `${host}:${found}`;
    logger.info(`port ${port} is taken`);
  }
  throw new Error(`no free port at ${host} from ${first} on`);
}

/** The port, or 0. @param {grpc.Server} server @param {string} place @param {any} credentials */
function bound(server, place, credentials) {
  return new Promise((resolve) => {
    server.bindAsync(place, credentials, (error, port) => resolve(error ? 0 : port));
  });
}

/** @param {Tls} tls */
function options(tls) {
  return { ca: Buffer.from(tls.root), key: Buffer.from(tls.key), cert: Buffer.from(tls.certificate) };
}

/** Throws TypeError. @param {any} told @returns {Tls | null} */
export function tlsOf(told: any): Tls | null;
/**
 * The address it listens at: the first free port from the one named on.
 * @param {grpc.Server} server @param {Tls} tls @param {Credentials} ours @returns {Promise<string>}
 */
export function listen(server: grpc.Server, tls: Tls, ours: Credentials): Promise<string>;
/** The certificate in force. Each new connection is shown the newest; those that stand go on. */
export class Credentials {
    /** @param {Tls} tls */
    constructor(tls: Tls);
    /** The certificate as it stands in the handshake line: its DER in base64. */
    get shown(): string;
    /** Whoever shows no certificate of the same authority is not heard. */
    get forServer(): any;
    /**
     * Show another one from now on. Without a key it belongs to the one we have. Throws when they do not fit.
     * @param {string} certificate @param {string} key @param {string} root
     */
    renew(certificate: string, key: string, root: string): void;
    /** PluginCertificates: the core hands over a new one. */
    get service(): {
        definition: any;
        implementation: {
            Renew: (call: any, answer: any) => void;
        };
    };
    #private;
}
/**
 * What the launch line says about TCP. All PEM; the key never touches a disk.
 */
export type Tls = {
    certificate: string;
    key: string;
    root: string;
    host: string;
    port: number;
};
import grpc from "@grpc/grpc-js";

/**
 * The `service` of a HealthCheckRequest (field 1, a string).
 * @param {Buffer} wire
 */
export function decodeRequest(wire: Buffer): {
    service: string;
};
/**
 * Answers "live" (and "") while the loop turns, "ready" when messages may come.
 * @param {() => Promise<string>} trouble
 * @returns {grpc.UntypedServiceImplementation}
 */
export function healthService(trouble: () => Promise<string>): grpc.UntypedServiceImplementation;
export namespace HEALTH {
    namespace Check {
        export let path: string;
        export let requestStream: boolean;
        export { responseStream };
        export function requestSerialize({ service }: {
            service: string;
        }): Buffer<ArrayBuffer>;
        export { decodeRequest as requestDeserialize };
        export function responseSerialize(status: number): Buffer<ArrayBuffer>;
        export function responseDeserialize(wire: Buffer): number;
    }
    namespace Watch { }
}
import grpc from "@grpc/grpc-js";

/** Answers AgentX. `renew` prolongs the lease; `drain` begins the end, with seconds to wait. */
export class PluginService {
    /**
     * @param {Hosting} hosting
     * @param {(seconds: number) => void} renew
     * @param {(seconds: number, reason: string) => void} drain
     */
    constructor(hosting: Hosting, renew: (seconds: number) => void, drain: (seconds: number, reason: string) => void);
    turns: Turns;
    state: StateCalls;
    /** @param {Wire} request */
    Initialize(request: Wire): Promise<{
        success: boolean;
        error: string;
        fieldErrors: {
            field: string;
            message: string;
        }[];
    } | {
        success: boolean;
        error?: undefined;
        fieldErrors?: undefined;
    }>;
    /** @param {Wire} request */
    Shutdown(request: Wire): {
        success: boolean;
        inFlight: number;
    };
    GetInfo(): {
        name: string;
        version: string;
        capabilities: readonly string[];
        framework: string;
        sdk: string;
        contract: number;
        configSchemaJson: string;
        liveConfig: boolean;
        stateful: boolean;
        agentSchemaJson: string;
    };
    /** @param {Wire} request */
    HealthCheck(request: Wire): Promise<{
        status: number;
        inFlight: number;
        inFlightAverage: number;
        messagesTotal: number;
        errorsTotal: number;
        detail: string;
    }>;
    /**
     * What keeps messages away, in one sentence; empty when nothing does.
     * @returns {Promise<string>}
     */
    trouble(): Promise<string>;
    /** @param {Wire} request */
    CreateAgent(request: Wire): Promise<{
        success: boolean;
        agent: import("./wire.js").Wire;
        error?: undefined;
    } | {
        success: boolean;
        error: string;
        agent?: undefined;
    }>;
    /** @param {Wire} request */
    DeleteAgent(request: Wire): Promise<{
        success: boolean;
        error: string;
    } | {
        success: boolean;
        error?: undefined;
    }>;
    ListAgents(): Promise<{
        agents: import("./wire.js").Wire[];
    }>;
    /** @param {Wire} request */
    GetAgentInfo(request: Wire): Promise<{
        agent: {
            models: any;
        };
    }>;
    /** @param {Wire} request */
    GetCapabilities(request: Wire): {
        capabilities: readonly string[];
        streaming: boolean;
        inputModes: readonly string[];
        outputModes: readonly string[];
    };
    /** @param {Wire} request */
    GetSupportedModels(request: Wire): Promise<{
        models: any;
    }>;
    /** @param {Wire} request */
    ListTools(request: Wire): Promise<{
        tools: any;
    }>;
    /** @param {Wire} request */
    ExecuteTool(request: Wire): Promise<{
        success: boolean;
        resultJson: string;
        error?: undefined;
        errorCode?: undefined;
    } | {
        success: boolean;
        error: string;
        errorCode: string;
        resultJson?: undefined;
    }>;
    /** @param {Wire} request */
    UpdateConfig(request: Wire): Promise<{
        success: boolean;
        restartNeeded: boolean;
        error?: undefined;
        fieldErrors?: undefined;
    } | {
        success: boolean;
        error: string;
        fieldErrors: {
            field: string;
            message: string;
        }[];
        restartNeeded?: undefined;
    }>;
    /** @param {Wire} request */
    ValidateConfig(request: Wire): Promise<{
        success: boolean;
        error?: undefined;
        fieldErrors?: undefined;
    } | {
        success: boolean;
        error: string;
        fieldErrors: {
            field: string;
            message: string;
        }[];
    }>;
    /** @param {Wire} request */
    GetConfig(request: Wire): {
        config: {
            [k: string]: any;
        };
        configJson: string;
    };
    #private;
}
export type Wire = import("./wire.js").Wire;
export type Hosting = import("./hosting.js").Hosting;
import { Turns } from "./turns.js";
import { StateCalls } from "./state_calls.js";

/** Plugins that decide who may do what. */
import type {CallContext} from '@longshore/base';

/** A request of the Engine API as a plugin sees it. */
export interface AuthorizationRequest {
  /** Common name of the client's certificate; empty without one. */
  user: string;
  /** `TLS`, or empty. */
  method: string;
  requestMethod: string;
  requestUri: string;
  /** Only of JSON that is no larger than the limit, and never credentials. */
  requestBody: Buffer | undefined;
  /** By canonical names, without those that carry credentials. */
  requestHeaders: Record<string, string>;
  /** PEM. */
  peerCertificates: string[];
}

/** The daemon's answer to it. */
export interface AuthorizationResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

export interface AuthorizationPlugin {
  readonly name: string;
  /** Throws `permission-denied` when the plugin says no, `unknown` when it fails or is not there. */
  request(ctx: CallContext, request: AuthorizationRequest): Promise<void>;
  /** The same for the answer; `request` is the one that was allowed. */
  response(ctx: CallContext, request: AuthorizationRequest, response: AuthorizationResponse): Promise<void>;
}

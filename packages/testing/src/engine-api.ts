/** A plain JSON client of the Engine API over a unix socket, for assertions that must not depend on our CLI. */
import {type IncomingMessage, request} from 'node:http';

export interface ApiResponse<T = unknown> {
  status: number;
  headers: IncomingMessage['headers'];
  /** Parsed when the answer is JSON, else the text. */
  body: T;
}

export interface ApiRequest {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** JSON body (an object), or raw bytes. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** An answer with a status of 400 and above, from the helpers that expect success. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

export class EngineApi {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Sends any request and gives any answer, errors included. */
  async send<T = unknown>(path: string, options: ApiRequest = {}): Promise<ApiResponse<T>> {
    const response = await this.stream(path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const json = response.headers['content-type']?.startsWith('application/json') && text !== '';
    return {status: response.statusCode ?? 0, headers: response.headers, body: json ? JSON.parse(text) : (text as T)};
  }

  /** The answer as a stream: logs, events, progress. */
  stream(path: string, options: ApiRequest = {}): Promise<IncomingMessage> {
    const {method = 'GET', body, signal} = options;
    const isRaw = body instanceof Uint8Array || typeof body === 'string';
    const payload = body === undefined || isRaw ? body : JSON.stringify(body);
    const headers = {
      ...(payload !== undefined && !isRaw ? {'Content-Type': 'application/json'} : {}),
      ...options.headers,
    };
    return new Promise((resolve, reject) => {
      // A connection for each request: one kept open may belong to a daemon that the test has killed meanwhile.
      const sent = request({socketPath: this.#socketPath, agent: false, path, method, headers, signal}, resolve);
      sent.once('error', reject);
      sent.end(payload);
    });
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#succeed<T>(path, {})).body;
  }

  async post<T = unknown>(path: string, body?: unknown): Promise<T> {
    return (await this.#succeed<T>(path, {method: 'POST', body})).body;
  }

  async delete<T = unknown>(path: string): Promise<T> {
    return (await this.#succeed<T>(path, {method: 'DELETE'})).body;
  }

  async #succeed<T>(path: string, options: ApiRequest): Promise<ApiResponse<T>> {
    const response = await this.send<T>(path, options);
    if (response.status < 400) return response;
    const message = (response.body as {message?: string}).message ?? String(response.body);
    throw new ApiError(response.status, `${options.method ?? 'GET'} ${path}: ${response.status}: ${message}`);
  }
}

/** rootlesskit's HTTP API on a unix socket: it holds ports in the namespace of the user, and passes on what comes in. */
import http from 'node:http';
import {join} from 'node:path';
import {EngineError, messageOf} from '@longshore/errdefs';

/** What came in at the parent's port goes to the child's. */
export interface ForwardedPort {
  /** `tcp4`, `tcp6`, `udp4`, `udp6`. */
  proto: string;
  parentIP: string;
  parentPort: number;
  childIP: string;
  childPort: number;
}

/** How ports get from one namespace to the other. */
export interface PortDriver {
  /** `builtin`, `slirp4netns`; empty when there is none, or it needs no telling. */
  name: string;
  /** Protocols that it knows; empty when it does not say. */
  protocols: readonly string[];
  /** The only address of the namespace that it reaches; empty: it reaches all. */
  childAddress: string;
}

const timeoutMs = 10_000;
/** Of those that the API answers; more than this is not its answer. */
const maximumAnswer = 1024 * 1024;

export class RootlesskitClient {
  readonly #socketPath: string;

  /** `stateDirectory` is the value of ROOTLESSKIT_STATE_DIR. */
  constructor(stateDirectory: string) {
    this.#socketPath = join(stateDirectory, 'api.sock');
  }

  async portDriver(): Promise<PortDriver> {
    const info = (await this.#call('GET', '/v1/info')) as Information;
    const {driver = '', protos, disallowLoopbackChildIP} = info.portDriver ?? {};
    const isTold = driver !== '' && driver !== 'none' && driver !== 'implicit';
    return {
      name: isTold ? driver : '',
      protocols: protos ?? [],
      childAddress: disallowLoopbackChildIP ? (info.networkDriver?.childIP ?? '') : '',
    };
  }

  /**
   * Returns the number by which the port is removed; one that is forwarded just so already is taken over. Throws
   * `already-exists` when somebody else has the port.
   */
  async addPort(port: ForwardedPort): Promise<number> {
    try {
      const {id} = (await this.#call('POST', '/v1/ports', port)) as {id: number};
      return id;
    } catch (error) {
      const known = await this.#findPort(port);
      if (known !== undefined) return known;
      const isTaken = /address already in use|conflict/i.test(messageOf(error));
      throw isTaken ? new EngineError('already-exists', messageOf(error), {cause: error}) : error;
    }
  }

  async removePort(id: number): Promise<void> {
    await this.#call('DELETE', `/v1/ports/${id}`);
  }

  async #findPort(port: ForwardedPort): Promise<number | undefined> {
    const all = ((await this.#call('GET', '/v1/ports')) as {id: number; spec: ForwardedPort}[] | null) ?? [];
    const same = ({spec}: {spec: ForwardedPort}) =>
      spec.proto === port.proto &&
      spec.parentIP === port.parentIP &&
      spec.parentPort === port.parentPort &&
      spec.childIP === port.childIP &&
      spec.childPort === port.childPort;
    return all.find(same)?.id;
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const {promise, resolve, reject} = Promise.withResolvers<http.IncomingMessage>();
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {'content-type': 'application/json', 'content-length': Buffer.byteLength(text)};
    const signal = AbortSignal.timeout(timeoutMs);
    // A connection of its own each time: calls are rare.
    const request = http.request({socketPath: this.#socketPath, method, path, headers, agent: false, signal}, resolve);
    request.once('error', reject);
    request.end(text);
    try {
      const response = await promise;
      return parseAnswer(response.statusCode ?? 0, await readAll(response));
    } catch (error) {
      const code = error instanceof EngineError ? error.code : 'unavailable';
      throw new EngineError(code, `rootlesskit: ${messageOf(error)}`, {cause: error});
    }
  }
}

interface Information {
  networkDriver?: {childIP?: string} | null;
  portDriver?: {driver?: string; protos?: string[]; disallowLoopbackChildIP?: boolean} | null;
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maximumAnswer) throw new EngineError('internal', 'the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseAnswer(status: number, text: string): unknown {
  if (status >= 200 && status < 300) return text.trim() === '' ? undefined : JSON.parse(text);
  throw new EngineError('internal', errorMessage(text) || `it answered with status ${status}`);
}

function errorMessage(text: string): string {
  try {
    return String(JSON.parse(text).message ?? '');
  } catch {
    return text.trim();
  }
}

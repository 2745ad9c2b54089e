/** The DNS server that containers on user-defined networks find at 127.0.0.11. */
import type {Logger} from '@longshore/base';
import type {DnsSockets, DnsTransport, NameServer, ServedSandbox} from '../ports.ts';
import {addressesOf, type Neighbourhood, nameOfReverse} from './lookup.ts';
import {
  type Answer,
  formatAnswer,
  parseQuery,
  type Query,
  recordTypes,
  responseCode,
  responseCodes,
  truncate,
} from './message.ts';

const ttlSeconds = 600;
const externalServers = 3;
const maximumForwards = 1024;
/** What a client takes by UDP unless it says otherwise; a longer answer of ours would have some 30 addresses. */
const udpLimit = 512;

interface Served {
  sandbox: ServedSandbox;
  close(): void;
}

export class NameService implements NameServer {
  readonly #sockets: DnsSockets;
  readonly #neighbourhood: (containerId: string) => Neighbourhood;
  readonly #log: Logger;
  readonly #served = new Map<string, Served>();
  #forwards = 0;

  constructor(sockets: DnsSockets, neighbourhood: (containerId: string) => Neighbourhood, log: Logger) {
    this.#sockets = sockets;
    this.#neighbourhood = neighbourhood;
    this.#log = log;
  }

  async serve(sandbox: ServedSandbox): Promise<void> {
    const served = this.#served.get(sandbox.containerId);
    if (served) {
      served.sandbox = sandbox;
      return;
    }
    const {containerId, namespace, isAdopted} = sandbox;
    const close = await this.#sockets.listen({namespace, isAdopted}, (query, transport) =>
      this.#answer(containerId, query, transport),
    );
    this.#served.set(containerId, {sandbox, close});
  }

  stop(containerId: string): void {
    this.#served.get(containerId)?.close();
    this.#served.delete(containerId);
  }

  /** For shutdown: containers live on, without names until the next daemon. */
  [Symbol.dispose](): void {
    for (const containerId of [...this.#served.keys()]) this.stop(containerId);
  }

  /** Undefined when there is nothing to say. */
  async #answer(containerId: string, message: Buffer, transport: DnsTransport): Promise<Buffer | undefined> {
    const sandbox = this.#served.get(containerId)?.sandbox;
    const query = parseQuery(message);
    if (!sandbox) return undefined;
    if (!query) return await this.#forward(sandbox, message, transport);
    const answers = answersTo(this.#neighbourhood(containerId), query, containerId);
    if (answers) {
      const response = formatAnswer(query, responseCodes.ok, answers, ttlSeconds);
      return transport === 'udp' && response.length > udpLimit ? truncate(response, query) : response;
    }
    const forwarded = isForSearchList(sandbox, query) ? undefined : await this.#forward(sandbox, message, transport);
    return forwarded ?? formatAnswer(query, responseCodes.serverFailure, [], 0);
  }

  /** The first server that answers; undefined when none does. */
  async #forward(sandbox: ServedSandbox, message: Buffer, transport: DnsTransport): Promise<Buffer | undefined> {
    if (this.#forwards >= maximumForwards || message.length < 2) return undefined;
    this.#forwards++;
    try {
      for (const {address, fromHost} of sandbox.external.slice(0, externalServers)) {
        const from = fromHost ? undefined : sandbox.namespace;
        const response = await this.#ask(from, address, message, transport);
        const code = response && responseCode(response, message.readUInt16BE(0));
        if (code !== undefined && code !== responseCodes.serverFailure && code !== responseCodes.refused)
          return response;
      }
      return undefined;
    } finally {
      this.#forwards--;
    }
  }

  async #ask(namespace: string | undefined, server: string, message: Buffer, transport: DnsTransport) {
    try {
      return await this.#sockets.ask({namespace, server, transport}, message);
    } catch (error) {
      this.#log.debug({server, error}, 'name server does not answer');
      return undefined;
    }
  }
}

/** Undefined when the name is not one of ours. A name of ours has nothing but addresses. */
function answersTo(networks: Neighbourhood, query: Query, askerId: string): Answer[] | undefined {
  if (query.type === recordTypes.ptr) {
    const name = nameOfReverse(networks, query.name);
    return name === undefined ? undefined : [{type: 'ptr', name}];
  }
  const addresses = addressesOf(networks, query.name, askerId);
  const type = query.type === recordTypes.a ? 'a' : query.type === recordTypes.aaaa ? 'aaaa' : undefined;
  if (!addresses || !type) return addresses && [];
  const asked = addresses.filter(address => address.includes(':') === (type === 'aaaa'));
  return shuffled(asked).map(address => ({type, address}));
}

/** With `ndots` in force the client tries its search domains first when this fails. */
function isForSearchList(sandbox: ServedSandbox, {name, type}: Query): boolean {
  const isAddress = type === recordTypes.a || type === recordTypes.aaaa;
  return sandbox.hasNdots && isAddress && !name.includes('.');
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map(value => ({value, at: Math.random()}))
    .sort((a, b) => a.at - b.at)
    .map(({value}) => value);
}

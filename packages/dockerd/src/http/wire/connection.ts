/**
 * HTTP/1 on one socket, without node:http: that module cannot hand a connection over without an upgrade, nor keep a
 * half-closed one, in every runtime the executables are made with, and `docker attach` needs both.
 */
import type {Socket} from 'node:net';
import {type PeerIdentity, peerIdentity} from './peer-identity.ts';
import {RequestBody} from './request-body.ts';
import {BadRequest, type RequestHead, readRequestHead} from './request-head.ts';
import {Response} from './response.ts';
import {SocketReader} from './socket-reader.ts';

/** Go's ReadHeaderTimeout in dockerd. */
const headTimeoutMs = 5 * 60_000;
/** An unread body up to this size is skipped so that the connection can be used again. */
const discardLimit = 256 * 1024;

export interface Exchange {
  head: RequestHead;
  body: RequestBody;
  response: Response;
  /** Aborted when the client closes its side. */
  gone: AbortSignal;
  /** Who the client is by its certificate; undefined without one. */
  peer: () => PeerIdentity | undefined;
}

/** How long a connection stays half open after its last answer. */
const lingerMs = 500;

/** Answers one request. It must not throw, and must finish, hijack or abort the response. */
export type ExchangeHandler = (exchange: Exchange) => Promise<void>;

/** A connection as its listener sees it. */
export interface ServedConnection {
  /** Closes it now when it is idle, else after the running request. */
  close(): void;
  destroy(): void;
  readonly done: Promise<void>;
}

/** Serves requests one after the other until either side closes or the connection is hijacked. */
export function serveConnection(socket: Socket, handle: ExchangeHandler): ServedConnection {
  const reader = new SocketReader(socket);
  const state = {busy: false, closing: false, hijacked: false};
  const done = serveRequests(socket, reader, handle, state).catch(error => {
    if (error instanceof BadRequest) refuse(socket, error);
    else socket.destroy();
  });
  return {
    done,
    destroy: () => socket.destroy(),
    close() {
      state.closing = true;
      if (!state.busy) socket.destroy();
    },
  };
}

async function serveRequests(
  socket: Socket,
  reader: SocketReader,
  handle: ExchangeHandler,
  state: {busy: boolean; closing: boolean},
): Promise<void> {
  while (!state.closing) {
    const head = await withTimeout(socket, readRequestHead(reader));
    if (!head) break;
    state.busy = true;
    const response = new Response(socket, reader, head);
    const body = new RequestBody(head, reader, () => expectContinue(socket, head, response));
    await handle({head, body, response, gone: reader.gone, peer: () => peerIdentity(socket)});
    if (response.isHijacked) return;
    response.endStream();
    state.busy = false;
    if (!response.keepAlive || state.closing || !(await body.discard(discardLimit))) break;
  }
  closeSoftly(socket);
}

/** Ends our side and gives the client a moment to close its own, so that it still reads the last answer. */
function closeSoftly(socket: Socket): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
  socket.end();
  socket.resume();
  if (socket.readableEnded) socket.destroySoon();
  else socket.once('end', () => socket.destroySoon());
}

function expectContinue(socket: Socket, head: RequestHead, response: Response): void {
  if (head.headers.get('expect')?.toLowerCase() === '100-continue' && !response.isStarted) {
    socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  }
}

async function withTimeout<T>(socket: Socket, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => socket.destroy(), headTimeoutMs);
  timer.unref();
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

function refuse(socket: Socket, error: BadRequest): void {
  if (socket.destroyed) return;
  const head = `HTTP/1.1 ${error.status} ${error.message}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`;
  socket.end(`${head}${error.status} ${error.message}`);
}

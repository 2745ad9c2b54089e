/**
 * What a group of routes is made of: a list of these, built by a function that takes the core services it needs.
 * `daemon.ts` joins the lists. A handler translates and delegates; errors are thrown and become answers in one place.
 */
import type {CallContext, Logger} from '@longshore/base';
import type {ApiVersion} from './api-version.ts';
import type {Query} from './query.ts';
import type {Exchange} from './wire/connection.ts';
import type {RawConnection} from './wire/raw-connection.ts';
import type {RequestBody} from './wire/request-body.ts';

export interface Route {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** As in Docker's table: `/containers/{name}/json`. A `{name}` may contain slashes; the first match in order wins. */
  path: string;
  /** Name of the job that the operation runs as: `container_inspect`. */
  job: string;
  /** Older clients get 400. */
  minApi?: string;
  /** For handlers that stream or wait without end: shutdown does not wait for them. */
  waits?: boolean;
  handle(request: ApiRequest, reply: ApiReply): Promise<void> | void;
}

export interface ApiRequest {
  /** Of the job. Its signal aborts when the daemon gives up waiting at shutdown; not when the client leaves. */
  readonly ctx: CallContext;
  /** Aborts when the client closes its side: for handlers that wait or stream. */
  readonly gone: AbortSignal;
  readonly method: string;
  /** Without the version prefix, percent-decoded. */
  readonly path: string;
  readonly version: ApiVersion;
  readonly query: Query;
  readonly body: RequestBody;
  /** A `{name}` of the route's path, percent-decoded. */
  param(name: string): string;
  /** A request header, or the empty string. `name` in lower case. */
  header(name: string): string;
}

export interface ApiReply {
  setHeader(name: string, value: string): void;
  /** A whole JSON answer. */
  json(status: number, value: unknown): void;
  /** A status without a body. */
  empty(status: number): void;
  text(status: number, text: string): void;
  /** A whole answer of any type. */
  send(status: number, contentType: string, body: string | Uint8Array): void;
  /** A whole answer of any type, after which the connection is closed. */
  closing(status: number, contentType: string, body: string): void;
  /** A body whose length is not known yet; the head is sent at once. An error after that cuts the connection. */
  stream(status: number, contentType: string): ReplyStream;
  /** Takes the connection over, as attach and exec do; see RawConnection. The job ends with the handler. */
  hijack(statusLine: string, headers: Record<string, string>): RawConnection;
  /** True once a status line has been sent. */
  readonly isStarted: boolean;
}

export interface ReplyStream {
  /** Resolves when the client can take more. Throws (`canceled`) when it is gone. */
  write(piece: string | Uint8Array): Promise<void>;
}

export type {CallContext, Exchange, Logger, RawConnection};

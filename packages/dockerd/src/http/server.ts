/** The edge: finds the route of a request, runs it as a job and turns what it throws into Docker's answers. */
import {
  type CallContext,
  callContext,
  engineApiVersion,
  engineVersion,
  type Logger,
  shortId,
  type Tracer,
  withSpan,
} from '@longshore/base';
import {codeOf, messageOf} from '@longshore/errdefs';
import type {JobRunner} from '../core/jobs/job-runner.ts';
import type {AuthorizationPlugin} from '../core/ports/authorization.ts';
import {negotiate, TooOldVersion} from './api-version.ts';
import {authorized} from './authorization.ts';
import {HttpError, statusOf} from './errors.ts';
import {Query} from './query.ts';
import type {ApiReply, ApiRequest, Route} from './route.ts';
import {type RouteMatch, Router} from './router.ts';
import type {Exchange, ExchangeHandler} from './wire/connection.ts';
import {BadRequest} from './wire/request-head.ts';

export interface ApiServerOptions {
  routes: readonly Route[];
  jobs: JobRunner;
  log: Logger;
  experimental: boolean;
  /** Value of Access-Control-Allow-Origin; empty for no such headers. */
  corsHeader?: string;
  /** Those that are asked at this moment. */
  plugins?: () => readonly AuthorizationPlugin[];
  tracer: Tracer;
}

/** The handler for every connection of every listener. */
export function apiHandler(options: ApiServerOptions): ExchangeHandler {
  const router = new Router(options.routes);
  return async exchange => {
    try {
      await dispatch(exchange, router, options);
    } catch (error) {
      answerError(exchange, error, options.log);
    }
  };
}

async function dispatch(exchange: Exchange, router: Router, options: ApiServerOptions): Promise<void> {
  const {head, response} = exchange;
  const [rawPath = '', rawQuery = ''] = splitOnce(head.target, '?');
  const [, prefix, path = ''] = /^(?:\/v([0-9.]+))?(\/.*)$/.exec(decodePath(rawPath)) ?? [];
  if (head.method === 'OPTIONS') {
    setCommonHeaders(exchange, options);
    return response.send(200);
  }
  const match = router.find(head.method, path);
  if (!match) throw new HttpError(404, 'page not found');
  setCommonHeaders(exchange, options);
  const version = negotiate(prefix);
  const {minApi} = match.route;
  if (minApi && version.below(minApi)) {
    throw new HttpError(400, `${head.method} ${match.route.path} requires minimum API version ${minApi}`);
  }
  const {job, waits = false} = match.route;
  const run = async (ctx: CallContext) => {
    const request = makeRequest(exchange, match, {ctx, version, path, query: new Query(rawQuery)});
    const handle = async (reply: ApiReply) => match.route.handle(request, reply);
    const plugins = options.plugins?.() ?? [];
    const reply = makeReply(exchange);
    await (plugins.length > 0 ? authorized(ctx, exchange, reply, plugins, handle) : handle(reply));
  };
  const trace = options.tracer.follow(head.headers.get('traceparent') ?? '');
  const serve = ({traceparent, spans}: CallContext) =>
    options.jobs.run(job, {path: head.target}, run, {waits, parent: {traceparent, spans}});
  await withSpan(callContext(trace), `${head.method} ${match.route.path}`, serve, {kind: 'server'});
  if (!response.isStarted) throw new Error(`${match.route.job} gave no answer`);
}

function makeRequest(
  {head, body, gone}: Exchange,
  match: RouteMatch,
  parts: Pick<ApiRequest, 'ctx' | 'version' | 'path' | 'query'>,
): ApiRequest {
  return {
    ...parts,
    gone,
    body,
    method: head.method,
    param: name => match.params.get(name) ?? '',
    header: name => head.headers.get(name) ?? '',
  };
}

function makeReply({response}: Exchange): ApiReply {
  return {
    setHeader: (name, value) => response.setHeader(name, value),
    json: (status, value) => response.send(status, 'application/json', `${JSON.stringify(value)}\n`),
    empty: status => response.send(status),
    text: (status, text) => response.send(status, 'text/plain; charset=utf-8', text),
    send: (status, contentType, body) => response.send(status, contentType, body),
    closing(status, contentType, body) {
      response.closeAfter();
      response.send(status, contentType, body);
    },
    stream(status, contentType) {
      response.startStream(status, contentType);
      return {write: piece => response.write(piece)};
    },
    hijack: (statusLine, headers) => response.hijack(statusLine, headers),
    get isStarted() {
      return response.isStarted;
    },
  };
}

function setCommonHeaders({response}: Exchange, {experimental, corsHeader}: ApiServerOptions): void {
  if (corsHeader) setCorsHeaders(response, corsHeader);
  response.setHeader('Api-Version', engineApiVersion);
  response.setHeader('Docker-Experimental', String(experimental));
  response.setHeader('Ostype', 'linux');
  response.setHeader('Server', `Docker/${engineVersion} (linux)`);
}

/** For scripts of other sites in a browser, as the original documents it. */
function setCorsHeaders(response: Exchange['response'], origin: string): void {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Headers', 'Origin, X-Requested-With, Content-Type, Accept, X-Registry-Auth');
  response.setHeader('Access-Control-Allow-Methods', 'HEAD, GET, POST, DELETE, PUT, OPTIONS');
}

function answerError({head, body, response}: Exchange, error: unknown, log: Logger): void {
  const status = statusOf(error);
  const fields = {error, request: requestLine(head), status};
  if (response.isStarted) {
    if (codeOf(error) !== 'canceled') log.error(fields, 'request failed after its start');
    if (!response.isHijacked && !response.isFinished) response.abort();
    return;
  }
  if (status >= 500) log.error(fields, 'request failed');
  else log.debug(fields, 'request refused');
  if (error instanceof BadRequest || !body.isDone) response.closeAfter();
  if (status === 304) response.send(304);
  else if (error instanceof TooOldVersion) response.send(status, 'text/plain; charset=utf-8', `${error.message}\n`);
  else response.send(status, 'application/json', `${JSON.stringify({message: messageOf(error)})}\n`);
}

function requestLine(head: Exchange['head']): string {
  return `${head.method} ${head.target}`.replace(/[0-9a-f]{64}/g, shortId);
}

/** Throws for malformed percent-encoding. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HttpError(400, `invalid URL escape in ${JSON.stringify(path)}`);
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

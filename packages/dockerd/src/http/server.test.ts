/** Dispatch: versions, unknown paths, errors, shutdown. */
import {discardLogger, engineApiVersion, Tracer} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import test from 'ava';
import {JobRunner} from '../core/jobs/job-runner.ts';
import type {Route} from './route.ts';
import {Router} from './router.ts';
import {apiHandler} from './server.ts';
import type {Exchange} from './wire/connection.ts';

const routes: Route[] = [
  {
    method: 'GET',
    path: '/info',
    job: 'info',
    handle: ({version}, reply) => reply.json(200, {version: String(version)}),
  },
  {method: 'POST', path: '/containers/prune', job: 'prune', minApi: '1.25', handle: (_r, reply) => reply.empty(200)},
  {method: 'GET', path: '/images/json', job: 'images', handle: (_r, reply) => reply.json(200, 'list')},
  {
    method: 'GET',
    path: '/images/{name}/json',
    job: 'image',
    handle: ({param}, reply) => reply.json(200, param('name')),
  },
  {
    method: 'GET',
    path: '/fail/{code}',
    job: 'fail',
    handle: ({param}) => {
      throw new EngineError(param('code') as 'conflict', 'because');
    },
  },
];

const tracer = new Tracer('dockerd');

type Answer = {status: number; body: string; headers: Record<string, string>; aborted?: boolean};

/** Runs one request through the handler, with a response that only remembers. */
async function ask(
  method: string,
  target: string,
  jobs = new JobRunner(discardLogger(), 'moby'),
  headers = new Map<string, string>(),
): Promise<Answer> {
  const answer: Answer = {status: 0, body: '', headers: {}};
  const response = {
    isStarted: false,
    isHijacked: false,
    isFinished: false,
    setHeader: (name: string, value: string) => {
      answer.headers[name] = value;
    },
    closeAfter() {},
    send(status: number, _type = '', body = '') {
      Object.assign(answer, {status, body});
      response.isStarted = true;
    },
  };
  const head = {method, target, minorVersion: 1, headers};
  const exchange = {
    head,
    body: {isDone: true, length: 0},
    response,
    gone: new AbortController().signal,
    peer: () => undefined,
  };
  await apiHandler({routes, jobs, log: discardLogger(), experimental: false, tracer})(exchange as unknown as Exchange);
  return answer;
}

test('with and without a version', async t => {
  t.is((await ask('GET', '/info')).body, `{"version":"${engineApiVersion}"}\n`);
  const old = await ask('GET', '/v1.24/info');
  t.is(old.body, '{"version":"1.24"}\n');
  t.is(old.headers['Api-Version'], engineApiVersion);
});

test('versions that are too new or too old', async t => {
  t.like(await ask('GET', '/v9.99/info'), {
    status: 400,
    body: `{"message":"client version 9.99 is too new. Maximum supported API version is ${engineApiVersion}"}\n`,
  });
  t.regex(
    (await ask('GET', '/v1.10/info')).body,
    /^client version 1.10 is too old. Minimum supported API version is 1.24/,
  );
  t.regex((await ask('POST', '/v1.24/containers/prune')).body, /requires minimum API version 1.25/);
});

test('what nobody serves is not found, whatever the method', async t => {
  for (const [method, path] of [
    ['GET', '/vX/info'],
    ['GET', '/'],
    ['PATCH', '/v1.51/info'],
    ['DELETE', '/info'],
  ] as const) {
    t.like(await ask(method, path), {status: 404, body: '{"message":"page not found"}\n'}, path);
  }
  t.is((await ask('OPTIONS', '/v1.51/anything')).status, 200);
});

test('names may hold slashes and escapes, literal paths win', t => {
  const router = new Router(routes);
  t.is(router.find('GET', '/images/a/b:c/json')?.params.get('name'), 'a/b:c');
  t.is(router.find('GET', '/images/json')?.route.job, 'images');
  t.is(router.find('POST', '/images/json'), undefined);
});

test('escapes in a path are decoded, bad ones refused', async t => {
  t.is((await ask('GET', '/images/a%2Fb%20c/json')).body, '"a/b c"\n');
  t.is((await ask('GET', '/images/%zz/json')).status, 400);
});

const statuses = {
  conflict: 409,
  'not-found': 404,
  'not-modified': 304,
  unknown: 500,
  unavailable: 503,
  unimplemented: 501,
};
for (const [code, status] of Object.entries(statuses)) {
  test(`an error ${code} is a ${status}`, async t => {
    const answer = await ask('GET', `/fail/${code}`);
    t.is(answer.status, status);
    if (status !== 304) t.is(answer.body, '{"message":"because"}\n');
  });
}

test('nothing new is begun during a shutdown, and what waits does not hold it up', async t => {
  const jobs = new JobRunner(discardLogger(), 'moby');
  const stream = jobs.run(
    'events',
    {},
    ctx => new Promise<void>(resolve => ctx.signal.addEventListener('abort', () => resolve())),
    {waits: true},
  );
  await jobs.drain(60_000);
  t.is((await ask('GET', '/info', jobs)).status, 503);
  await jobs.finish(60_000);
  await stream;
  t.is(jobs.counts.get('events')?.started, 1);
});

test('a request with a sampled traceparent leaves spans of itself and of its job', async t => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const ask1 = (flags: string) => {
    const headers = new Map([['traceparent', `00-${traceId}-00f067aa0ba902b7-${flags}`]]);
    return ask('GET', '/fail/conflict', new JobRunner(discardLogger(), 'moby'), headers);
  };
  await ask1('00');
  t.is(tracer.ring.list(traceId).length, 0);
  await ask1('01');
  const [job, request] = tracer.ring.list(traceId);
  t.like(request, {name: 'GET /fail/{code}', parentId: '00f067aa0ba902b7', kind: 'server', error: 'because'});
  t.like(job, {name: 'job fail', parentId: request?.spanId, error: 'because'});
});

/**
 * Every answer of the container, exec, image, network, volume and system routes against the Engine API's definition:
 * required keys, types, nulls and keys that the definition does not know. The definition lies outside of the repository.
 */
import {existsSync} from 'node:fs';
import type {IncomingMessage} from 'node:http';
import {join, resolve} from 'node:path';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {recordedAnswers} from './recorded-answers.ts';
import {steps} from './steps.ts';
import {loadSwagger} from './swagger.ts';
import {mistakes} from './swagger-mistakes.ts';
import {type AskOptions, askMore} from './swagger-requests.ts';

/** Beside the clone, or where LONGSHORE_REFERENCE says. */
const reference = process.env.LONGSHORE_REFERENCE ?? resolve(import.meta.dirname, '../../../shared/reference');
const definition = join(reference, 'engine-api-swagger-v1.51.yaml');
const withDefinition = existsSync(definition) ? test : test.skip;
const reason = existsSync(definition) ? '' : ` (skipped: ${definition} is not there)`;
const ourTags = new Set(['Container', 'Exec', 'Image', 'Network', 'Volume', 'System', 'Distribution']);
const version = '/v1.51';

/** Routes with a body that are not asked successfully here, and why. */
const notAsked: Record<string, string> = {
  'GET /images/search': 'needs Docker Hub',
  'POST /build/prune': 'there is no build cache',
};

const unknownOnly = (problems: string[]) =>
  problems.filter(each => !mistakes.some(({problem}) => problem.test(each))).sort();

withDefinition(`answers are as the definition of the Engine API says${reason}`, async t => {
  t.timeout(180_000);
  const {find, routes} = loadSwagger(definition);
  const problems = new Set<string>();
  const validated = new Set<string>();
  let answers = 0;
  const engine = await openEngine(t);
  const ask = async (method: string, path: string, body?: unknown, {headers, lines}: AskOptions = {}) => {
    const options = {method: method as 'GET', body, signal: AbortSignal.timeout(20_000), ...(headers ? {headers} : {})};
    const response = await engine.api.stream(`${version}${path}`, options);
    const status = response.statusCode ?? 0;
    const bodies = await readBodies(response, lines);
    const route = find(method, path.replace(/\?.*/, ''));
    if (!route || !ourTags.has(route.tags[0] ?? '')) return {status, bodies};
    answers++;
    if (status < 400 && !route.statuses.includes(status))
      problems.add(`${route.name}: ${status} is not among the statuses`);
    // Errors of attach are in Docker's raw stream as well.
    if (status >= 400 && method !== 'HEAD' && bodies.length === 0 && !route.name.endsWith('/attach'))
      problems.add(`${route.name}: ${status} without a body`);
    for (const each of bodies) {
      for (const problem of route.problems(status, each)) problems.add(`${route.name}: ${problem}`);
      if (status < 400 && route.hasBody(status)) validated.add(route.name);
    }
    return {status, bodies};
  };
  if (!process.env.SWAGQUICK)
    for (const {method, path, body, headers} of steps) await ask(method, path, body, headers ? {headers} : {});
  await askMore(engine, async (method, path, body, options = {}) => {
    const answer = await ask(method, path, body, options);
    if (answer.status < 400 === Boolean(options.fails)) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.bodies[0] as never;
  });
  const missing = routes
    .filter(({tags, statuses, hasBody}) => ourTags.has(tags[0] ?? '') && statuses.some(s => s < 300 && hasBody(s)))
    .filter(({name}) => !validated.has(name) && !(name in notAsked))
    .map(({name}) => name);
  t.log(`${answers} answers, bodies of ${validated.size} routes`);
  t.deepEqual(unknownOnly([...problems]), []);
  t.deepEqual(missing, [], 'routes whose bodies were not seen');
});

withDefinition(`recorded answers of Docker 28.5 have the known differences only${reason}`, t => {
  const {find} = loadSwagger(definition);
  const problems = recordedAnswers(reference).flatMap(({method, path, status, body}) => {
    const route = find(method, path);
    return route ? route.problems(status, body).map(problem => `${route.name}: ${problem}`) : [];
  });
  t.true(problems.length > 100);
  t.deepEqual(unknownOnly(problems), []);
  const unused = mistakes.filter(({problem}) => !problems.some(each => problem.test(each)));
  t.deepEqual(unused, [], 'no longer recorded');
});

withDefinition(`a wrong answer is told from a right one${reason}`, t => {
  const {find} = loadSwagger(definition);
  const problems = (method: string, path: string, status: number, body: unknown) =>
    find(method, path)?.problems(status, body);
  t.deepEqual(problems('POST', '/containers/create', 201, {Id: 'x', Warnings: []}), []);
  t.deepEqual(problems('POST', '/containers/create', 201, {Id: 5, ID: 'x', Warnings: null}), [
    ': unknown key ID',
    'Id: must be string',
    'Warnings: null, must be array',
  ]);
  t.deepEqual(problems('POST', '/containers/create', 400, {error: 'x'}), [
    ': message is missing',
    ': unknown key error',
  ]);
  t.deepEqual(problems('GET', '/containers/a/b/json', 200, {HostConfig: {Memory: '1', Nonsense: 1}, Created: 'now'}), [
    'Created: must match format "dateTime"',
    'HostConfig: unknown key Nonsense',
    'HostConfig.Memory: must be integer',
  ]);
});

/** The JSON values of an answer: one, or one a line; none when it is not JSON. */
async function readBodies(response: IncomingMessage, lines?: number): Promise<unknown[]> {
  const isJson = response.headers['content-type']?.startsWith('application/json');
  let text = '';
  response.setEncoding('utf8');
  for await (const piece of response) {
    if (isJson) text += piece;
    if (lines !== undefined && text.split('\n').length > lines) break;
  }
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line));
}

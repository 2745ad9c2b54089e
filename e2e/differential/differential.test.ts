/**
 * The original engine of Debian and ours, asked the same: the status of every answer is the same, everything that is in the
 * original's answers is in ours with the same type, and afterwards the containers are in the same states. Known differences
 * are listed with their reasons in differences.ts; one that is no longer there fails as well.
 */
import {debianExecutables, type Engine, startEngine} from '@longshore/testing';
import test from 'ava';
import {differences} from './differences.ts';
import {lacking, shapeOf} from './shape.ts';
import {type Step, steps} from './steps.ts';

/** The newest version that both speak. */
const version = '/v1.41';

interface Answer {
  status: number;
  body: unknown;
}

test('the original and ours answer the same requests in the same way', async t => {
  t.timeout(300_000);
  const [original, ours] = await Promise.all([
    askAll(() => startEngine({executables: debianExecutables, leakCheck: false})),
    askAll(() => startEngine({})),
  ]);
  const compared = steps.filter(({isPreparation}) => !isPreparation);
  const found = compared.flatMap(step => compare(step, original.get(step.name), ours.get(step.name)));
  const known = new Set(differences.filter(({problem}) => found.some(each => problem.test(each))));
  const problems = [
    ...found.filter(each => !differences.some(({problem}) => problem.test(each))),
    ...differences.filter(each => !known.has(each)).map(({problem}) => `no longer a difference: ${problem}`),
  ];
  const same = compared.filter(step => messageOf(original.get(step.name)) === messageOf(ours.get(step.name))).length;
  t.log(`${compared.length} requests; ${same} answers with the same message, or none`);
  t.true(compared.length >= 400, `${compared.length}`);
  t.deepEqual(problems, []);
});

/** Sends the requests one after the other; a request that is not answered in time is a status of 0. */
async function askAll(start: () => Promise<Engine>): Promise<Map<string, Answer>> {
  await using engine = await start();
  const answers = new Map<string, Answer>();
  for (const step of steps) {
    const {name, method, path, body, headers} = step;
    const options = {method, body, signal: AbortSignal.timeout(20_000), ...(headers ? {headers} : {})};
    const answer = await engine.api
      .send(`${version}${path}`, options)
      .catch(error => ({status: 0, body: String(error)}));
    if (step.isPreparation && answer.status >= 400 && method !== 'DELETE')
      throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
    answers.set(name, {status: answer.status, body: answer.body});
  }
  return answers;
}

function compare({name}: Step, original: Answer | undefined, ours: Answer | undefined): string[] {
  if (!original || !ours) return [`${name}: no answer`];
  if (original.status !== ours.status) {
    return [`${name}: ${ours.status} ${messageOf(ours)}, not ${original.status} ${messageOf(original)}`];
  }
  if (ours.status >= 400) return [];
  return lacking(shapeOf(original.body), shapeOf(ours.body)).map(problem => `${name}: ${problem}`);
}

/** The message of an error, without ids. */
function messageOf(answer: Answer | undefined): string {
  const message = (answer?.body as {message?: string} | undefined)?.message ?? '';
  return message
    .replace(/[0-9a-f]{64}/g, '<id>')
    .replaceAll('\n', ' ')
    .trim();
}

/** The same calls to Debian's containerd and to ours, side by side: answers and codes must be the same. */
import {callContext} from '@longshore/base';
import {openClient} from '@longshore/containerd-client';
import {codeOf, messageOf} from '@longshore/errdefs';
import {debianExecutables, type Executables} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openContainerd} from '../harness/open.ts';
import {knownDifferences} from './semantics-differences.ts';
import {semanticsSteps} from './semantics-steps.ts';

type Outcome = {answer: unknown} | {code: string; message: string};

async function outcomes(t: ExecutionContext, replaced: Partial<Executables>): Promise<Map<string, Outcome>> {
  const containerd = await openContainerd(t, replaced);
  using client = openClient({address: containerd.paths.containerdSocket});
  const found = new Map<string, Outcome>();
  for (const {name, run} of semanticsSteps) {
    t.false(found.has(name), `two steps are called "${name}"`);
    try {
      const signal = AbortSignal.timeout(10_000);
      const answer = await run(client, (namespace, lease = '') => callContext({namespace, lease, signal}));
      found.set(name, {answer});
    } catch (error) {
      found.set(name, {code: codeOf(error), message: messageOf(error)});
    }
  }
  return found;
}

/** Maps of a message come in any order. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const shown = (outcome: Outcome | undefined) => JSON.stringify(outcome, plain);
const essence = (outcome: Outcome | undefined) => (outcome && 'code' in outcome ? outcome.code : shown(outcome));

test('containerd answers as the original does', async t => {
  const theirs = await outcomes(t, debianExecutables);
  const ours = await outcomes(t, {});
  const names = semanticsSteps.map(({name}) => name);
  const differences = names.filter(name => essence(theirs.get(name)) !== essence(ours.get(name)));
  const unknown = differences.filter(name => !(name in knownDifferences));
  const report = unknown.map(
    name => `${name}:\n  theirs ${shown(theirs.get(name))}\n  ours   ${shown(ours.get(name))}`,
  );
  // A difference that is gone must go from the list, too.
  const gone = Object.keys(knownDifferences).filter(name => !differences.includes(name));
  t.is([...report, ...gone.map(name => `no difference any more: ${name}`)].join('\n'), '');
  t.log(`${names.length} calls, ${differences.length} known differences`);
});

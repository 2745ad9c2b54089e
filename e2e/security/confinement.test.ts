/**
 * What a container says of its capabilities, system calls, namespaces, mounts, paths and devices is the same under
 * Debian's original engine and under ours. Known differences are listed with their reasons in differences.ts; one that is
 * no longer there fails as well.
 */
import {type Engine, startEngine} from '@longshore/testing';
import test from 'ava';
import {confinementOf, prepareProbe} from './confinement.ts';
import {differences} from './differences.ts';
import {startOriginalEngine} from './original-engine.ts';
import {settings} from './settings.ts';

test('containers are as confined as by the original', async t => {
  t.timeout(180_000);
  const [original, ours] = await Promise.all([reports(startOriginalEngine), reports(() => startEngine({}))]);
  const found = [...original].flatMap(([name, facts]) =>
    compare(facts, ours.get(name) ?? []).map(problem => `${name}: ${problem}`),
  );
  const isKnown = (problem: string) => differences.some(({facts}) => facts.test(problem));
  const obsolete = differences.filter(({facts}) => !found.some(problem => facts.test(problem)));
  const count = [...original.values()].reduce((sum, facts) => sum + facts.length, 0);
  t.log(`${count} facts under ${original.size} settings; ${found.length} known differences`);
  t.true(
    [...original.values()].every(facts => facts.length > 200),
    'a report is too short',
  );
  t.deepEqual(
    [...found.filter(problem => !isKnown(problem)), ...obsolete.map(({facts}) => `no longer a difference: ${facts}`)],
    [],
  );
});

async function reports(start: () => Promise<Engine>): Promise<Map<string, string[]>> {
  await using engine = await start();
  const probe = prepareProbe(engine);
  const found = new Map<string, string[]>();
  for (const setting of settings) found.set(setting.name, await confinementOf(engine, probe, setting));
  for (const setting of settings.slice(0, 2)) {
    found.set(`exec, ${setting.name}`, await confinementOf(engine, probe, setting, true));
  }
  return found;
}

/** What only the original says, with a minus, and what only ours says, with a plus. */
function compare(original: readonly string[], ours: readonly string[]): string[] {
  return [
    ...original.filter(fact => !ours.includes(fact)).map(fact => `- ${fact}`),
    ...ours.filter(fact => !original.includes(fact)).map(fact => `+ ${fact}`),
  ];
}

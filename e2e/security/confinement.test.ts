/**
 * What a container says of its capabilities, system calls, namespaces, mounts, paths and devices is the same under
 * Debian's original engine and under ours. Known differences are listed with their reasons in differences.ts; one that is
 * no longer there fails as well.
 */
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {debianExecutables, type Engine, longshoreExecutables, startEngine} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {confinementOf, prepareProbe} from './confinement.ts';
import {type ConfinementDifference, differences, usernsDifferences} from './differences.ts';
import {startOriginalEngine} from './original-engine.ts';
import {hideRemappedUser, withRemappedUser} from './remapped-users.ts';
import {type Setting, settings} from './settings.ts';
import {usernsSettings} from './userns-settings.ts';

test('containers are as confined as by the original', async t => {
  t.timeout(180_000);
  const [original, ours] = await Promise.all([
    reports(() => startOriginalEngine(), settings, 2),
    reports(() => startEngine({}), settings, 2),
  ]);
  compareReports(t, original, ours, differences);
});

test('containers of remapped users are as confined as by the original', async t => {
  t.timeout(180_000);
  const directory = mkdtempSync('/tmp/ls-remapped-');
  t.teardown(() => rmSync(directory, {recursive: true}));
  const remapped = (name: string, dockerd: string) => {
    mkdirSync(join(directory, name));
    return withRemappedUser(join(directory, name), dockerd);
  };
  const dockerdArgs = ['--userns-remap', 'lsremap'];
  const original = remapped('original', debianExecutables.dockerd);
  const ours = remapped('ours', longshoreExecutables().dockerd);
  const [before, after] = await Promise.all([
    reports(() => startOriginalEngine({dockerdArgs, dockerd: original}), usernsSettings, 1),
    reports(() => startEngine({dockerdArgs, executables: {dockerd: ours}}), usernsSettings, 1),
  ]);
  compareReports(t, before, after, usernsDifferences);
});

type Reports = Map<string, string[]>;

function compareReports(
  t: ExecutionContext,
  original: Reports,
  ours: Reports,
  known: readonly ConfinementDifference[],
): void {
  const found = [...original].flatMap(([name, facts]) =>
    compare(facts, ours.get(name) ?? []).map(problem => `${name}: ${problem}`),
  );
  const isKnown = (problem: string) => known.some(({facts}) => facts.test(problem));
  const obsolete = known.filter(({facts}) => !found.some(problem => facts.test(problem)));
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
}

/** Also of further processes of the containers under the first `execs` settings. */
async function reports(start: () => Promise<Engine>, wanted: readonly Setting[], execs: number): Promise<Reports> {
  await using engine = await start();
  const probe = prepareProbe(engine);
  const found = new Map<string, string[]>();
  for (const setting of wanted) found.set(setting.name, await confinementOf(engine, probe, setting));
  for (const setting of wanted.slice(0, execs)) {
    found.set(`exec, ${setting.name}`, await confinementOf(engine, probe, setting, true));
  }
  if (wanted === usernsSettings) await hideRemappedUser(engine);
  return found;
}

/** What only the original says, with a minus, and what only ours says, with a plus. */
function compare(original: readonly string[], ours: readonly string[]): string[] {
  return [
    ...original.filter(fact => !ours.includes(fact)).map(fact => `- ${fact}`),
    ...ours.filter(fact => !original.includes(fact)).map(fact => `+ ${fact}`),
  ];
}

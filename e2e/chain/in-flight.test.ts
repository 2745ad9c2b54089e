/**
 * containerd is killed, or stopped for good, while execs, starts and waits are under way: every one of them ends, with
 * its result or with a reason, and afterwards everything works. 30 rounds, with LONGSHORE_LONG=1 only: the default tests
 * have the parts of it in packages/dockerd/src/core/containers/lifecycle.test.ts and packages/containerd-client.
 */
import {setTimeout as sleep} from 'node:timers/promises';
import type {Engine} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

const rounds = 30;
const long = process.env.LONGSHORE_LONG === '1' ? test : test.skip;
/** A machine under load takes its time; what hangs, hangs for ever. */
const patienceMs = 90_000;

interface Outcome {
  command: string;
  /** What it says when it succeeds. */
  expected: string;
  /** Undefined when it did not end. */
  exitCode: number | undefined;
  output: string;
  errors: string;
  milliseconds: number;
}

long(`${rounds} times another containerd while clients wait`, async t => {
  t.timeout(20 * 60_000);
  const engine = await openEngine(t);
  await engine.dockerOk('run', '-d', '--name', 'base', 'busybox', 'sleep', '100000');
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round++) {
    const ended = `ended${round}`;
    await engine.dockerOk('run', '-d', '--name', ended, 'busybox', 'sh', '-c', 'usleep 250000; exit 7');
    const commands = startAll(engine, round, ended);
    await sleep((round * 37) % 190);
    process.kill(await engine.containerdPid(), round % 2 === 0 ? 'SIGKILL' : 'SIGSTOP');
    await sleep((round * 53) % 1500);
    commands.push(run(engine, ['exec', 'base', 'echo', 'late'], 'late'));
    outcomes.push(...(await Promise.all(commands)));
    const after = await run(engine, ['exec', 'base', 'echo', 'after'], 'after');
    t.is(after.exitCode, 0, `${after.output} ${after.errors}`);
    outcomes.push(after);
  }
  const failed = outcomes.filter(({exitCode}) => exitCode !== 0);
  const slowest = Math.max(...outcomes.map(({milliseconds}) => milliseconds));
  t.log(`${outcomes.length} commands, ${failed.length} failed, the slowest took ${(slowest / 1000).toFixed(1)} s`);
  t.deepEqual(
    outcomes.filter(({exitCode}) => exitCode === undefined).map(({command}) => command),
    [],
    'all have ended',
  );
  for (const {command, expected, exitCode, output, errors} of outcomes) {
    const said = `${command}: ${exitCode}: ${output} ${errors}`;
    if (exitCode === 0) t.is(output, expected, said);
    else t.regex(said, /containerd|shim|is not running/, 'says why');
  }
  for (const reason of new Set(failed.map(({output, errors}) => (errors || output).replace(/[0-9a-f]{12,}/g, 'ID')))) {
    t.log(reason);
  }
  const left = (await engine.dockerOk('ps', '-aq')).split('\n');
  await engine.dockerOk('rm', '-f', ...left);
});

/** `ended` will have ended soon, with 7. */
function startAll(engine: Engine, round: number, ended: string): Promise<Outcome>[] {
  const waited = `waited${round}`;
  return [
    run(engine, ['exec', 'base', 'echo', 'exec'], 'exec'),
    run(engine, ['exec', 'base', 'sh', '-c', 'usleep 300000; echo slow'], 'slow'),
    run(engine, ['run', '--rm', '--network', 'none', 'busybox', 'echo', 'run'], 'run'),
    run(engine, ['run', '--network', 'none', '--name', waited, 'busybox', 'sh', '-c', 'usleep 200000; echo w'], 'w'),
    run(engine, ['wait', ended], '7'),
    run(engine, ['top', 'base'], undefined),
  ];
}

async function run(engine: Engine, command: string[], expected: string | undefined): Promise<Outcome> {
  const begin = performance.now();
  const late = sleep(patienceMs, undefined, {ref: false});
  const result = await Promise.race([engine.docker(...command), late]);
  return {
    command: command.join(' '),
    expected: expected ?? result?.stdout ?? '',
    exitCode: result ? (result.exitCode ?? -1) : undefined,
    output: result?.stdout ?? '',
    errors: result?.stderr ?? '',
    milliseconds: performance.now() - begin,
  };
}

/** Values of absurd size and content, by each way to a process: done, or refused in words and at once; never a hang. */
import {copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ApiError, poll} from '@longshore/testing';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';
import {loadWithConfig} from './image-with-config.ts';

const engine = sharedEngine(test);

const megabyte = 'x'.repeat(1 << 20);
/** Below the kernel's limit for one argument; a runtime that quotes it in an error makes it four times as long. */
const unprintable = '\u0001'.repeat(120_000);
const tooLong = /argument list too long/;

interface Case {
  config: object;
  /** What the error says; without it the container runs. */
  error?: RegExp;
}

const cases: Record<string, Case> = {
  argument: {config: {Cmd: ['/bin/echo', megabyte]}, error: tooLong},
  program: {config: {Cmd: [megabyte]}, error: tooLong},
  'unprintable program': {config: {Cmd: [unprintable]}, error: /not found|too long/},
  'three megabytes of arguments': {
    config: {Cmd: ['/bin/echo', ...Array.from({length: 30}, () => 'x'.repeat(100_000))]},
    error: tooLong,
  },
  variable: {config: {Env: ['PATH=/bin', `HUGE=${megabyte}`], Cmd: ['true']}, error: tooLong},
  'fifty thousand variables': {
    config: {Env: ['PATH=/bin', ...Array.from({length: 50_000}, (_, i) => `V${i}=${i}`)], Cmd: ['true']},
  },
  'argument that just fits': {config: {Cmd: ['test', '-n', 'x'.repeat(130_000)]}},
  labels: {config: {Labels: {huge: megabyte, [megabyte.slice(0, 100_000)]: '\u0007\n'}, Cmd: ['true']}},
  'working directory': {config: {WorkingDir: `/${'long/'.repeat(200_000)}`, Cmd: ['true']}, error: /too long|invalid/i},
  'host name': {config: {Hostname: 'h'.repeat(100_000), Cmd: ['true']}, error: /host ?name|too long|invalid/i},
};

test.serial('docker run', async t => {
  t.timeout(240_000);
  for (const [name, {config, error}] of Object.entries(cases)) {
    const created = await createContainer({Image: 'busybox', ...config});
    const outcome = created.id === '' ? created : await engine().docker('start', '--attach', created.id);
    check(t, name, outcome, error);
    if (created.id !== '') await engine().dockerOk('rm', '-f', created.id);
  }
  await loadWithConfig(engine(), 'huge:1', cases.argument!.config);
  check(t, 'argument of an image', await engine().docker('run', '--rm', 'huge:1'), cases.argument!.error);
});

/** By the API, since no command line can be so long. */
async function createContainer(config: object): Promise<{id: string; exitCode: number; stderr: string}> {
  try {
    const {Id: id} = await engine().api.post<{Id: string}>('/containers/create', config);
    return {id, exitCode: 0, stderr: ''};
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return {id: '', exitCode: 1, stderr: error.message};
  }
}

type Checks = {is: (a: unknown, b: unknown, m: string) => void; regex: (s: string, p: RegExp, m: string) => void};

function check(t: Checks, name: string, {exitCode, stderr}: {exitCode: number; stderr: string}, error?: RegExp): void {
  const said = stderr.length > 600 ? `${stderr.slice(0, 300)} … ${stderr.slice(-300)}` : stderr;
  t.is(exitCode === 0, error === undefined, `${name}: ${exitCode} ${said}`);
  if (error) t.regex(said, error, name);
  t.is(/TypeError|is not a function|undefined|Cannot read/.test(said), false, `${name}: ${said}`);
}

test.serial('docker exec', async t => {
  t.timeout(240_000);
  const id = await engine().dockerOk('run', '-d', 'busybox', 'sleep', '1000');
  const execs: Record<string, [body: object, error?: RegExp]> = {
    argument: [{Cmd: ['echo', megabyte]}, tooLong],
    program: [{Cmd: [megabyte]}, tooLong],
    'unprintable program': [{Cmd: [unprintable]}, /not found|too long/],
    variable: [{Cmd: ['true'], Env: [`HUGE=${megabyte}`]}, tooLong],
    'working directory': [{Cmd: ['true'], WorkingDir: `/${'long/'.repeat(200_000)}`}, /too long|invalid/],
    'argument that just fits': [{Cmd: ['test', '-n', 'x'.repeat(130_000)]}],
  };
  for (const [name, [body, error]] of Object.entries(execs)) {
    const streams = {AttachStdout: true, AttachStderr: true};
    const {Id: exec} = await engine().api.post<{Id: string}>(`/containers/${id}/exec`, {...body, ...streams});
    const {status, body: answer} = await engine().api.send(`/exec/${exec}/start`, {
      method: 'POST',
      body: {Detach: false},
    });
    const ended = await poll(
      async () => {
        const state = await engine().api.get<{Running: boolean; ExitCode: number | null}>(`/exec/${exec}/json`);
        return state.Running ? undefined : state;
      },
      {what: `the end of an exec with a huge ${name}`},
    );
    const stderr = typeof answer === 'string' ? answer : JSON.stringify(answer);
    check(t, name, {exitCode: status < 300 && ended.ExitCode === 0 ? 0 : 1, stderr}, error);
  }
  await engine().dockerOk('rm', '-f', id);
});

test.serial('ctr run', async t => {
  t.timeout(240_000);
  const directory = mkdtempSync('/tmp/huge-');
  t.teardown(() => rmSync(directory, {recursive: true}));
  const rootfs = join(directory, 'rootfs');
  for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp', 'run']) mkdirSync(join(rootfs, name), {recursive: true});
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'));
  symlinkSync('busybox', join(rootfs, 'bin/true'));
  const variables = join(directory, 'env');
  const run = (name: string, text: string, ...args: string[]) => {
    writeFileSync(variables, text);
    const where = ['--cgroup', `${engine().paths.cgroupParent}/${name}`, '--env-file', variables, '--rootfs'];
    return engine().ctr('run', '--rm', ...where, rootfs, name, ...args);
  };
  check(t, 'variable', await run('huge-1', `PATH=/bin\nHUGE=${megabyte}\n`, '/bin/true'), tooLong);
  const many = Array.from({length: 20_000}, (_, i) => `V${i}=${i}\n`).join('');
  check(t, 'variables', await run('huge-2', `PATH=/bin\n${many}`, '/bin/true'));
  check(t, 'argument', await run('huge-3', 'PATH=/bin\n', '/bin/true', 'x'.repeat(130_000)));
  check(
    t,
    'program',
    await run('huge-4', 'PATH=/bin\n', unprintable.replaceAll('\u0001', '\u0002')),
    /not found|too long/,
  );
});

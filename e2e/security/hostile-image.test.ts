/** Images whose configuration was made to hurt: what cannot be done is refused in words, and the machine stays untouched. */
import {readFileSync} from 'node:fs';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';
import {loadWithConfig} from './image-with-config.ts';
import {lookAround, makeOutside, type Outside, secret} from './outside.ts';

const engine = sharedEngine(test);
let outside: Outside | undefined;
let count = 0;

interface Outcome {
  /** Of `docker run`; what the engine says when the image cannot even be loaded is in it too. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs an image of this configuration, and looks at the machine and the engine afterwards. */
async function runHostile(config: object, command: string[] = []): Promise<Outcome> {
  const tag = `hostile:${count++}`;
  const loaded = await loadWithConfig(engine(), tag, config);
  const outcome = loaded.includes('"error')
    ? {exitCode: 125, stdout: '', stderr: loaded}
    : await engine().docker('run', '--rm', tag, ...command);
  await engine().api.get('/version');
  return outcome;
}

const up = '../../../../../../../../../..';

test.serial('working directories stay inside of the container', async t => {
  t.timeout(60_000);
  outside = makeOutside(engine());
  const {path, changes} = outside;
  const directories = [
    ...[
      `/${up}${path}/made`,
      `/a/b/../../${up}${path}/made`,
      `/proc/1/cwd${path}/made`,
      `/proc/self/root/${up}${path}`,
    ],
    ...[
      `${up}${path}/made`,
      'relative',
      '/new\nline',
      `/${'long/'.repeat(600)}`,
      `/${'x'.repeat(300)}`,
      '/etc/passwd',
      '/\u0000',
    ],
  ];
  for (const WorkingDir of directories) {
    const shown = JSON.stringify(WorkingDir).slice(0, 80);
    const {exitCode, stdout, stderr} = await runHostile({WorkingDir}, ['sh', '-c', lookAround(path)]);
    t.false(stdout.includes(secret), shown);
    t.deepEqual(changes(), [], shown);
    t.true(exitCode === 0 || /error|invalid/i.test(stderr), `${shown}: ${exitCode} ${stderr}`);
  }
});

test.serial('users that are none are refused, and none of them is root by mistake', async t => {
  t.timeout(60_000);
  const odd = [
    'root\nuser',
    'user\n',
    '-1',
    '4294967296',
    '4294967295',
    '99999999999999999999',
    '../../etc/passwd',
    'user:no',
  ];
  const odder = ['0x0', '0 ', ' 0', '1e3', '+0', '%s', 'x:x', '*', 'u'.repeat(70_000)];
  for (const User of [...odd, ...odder]) {
    const shown = JSON.stringify(User).slice(0, 60);
    const {exitCode, stdout, stderr} = await runHostile({User}, ['id', '-u']);
    t.not(exitCode, 0, `${shown} ran as ${stdout}`);
    t.regex(stderr, /user|group|uid|gid|range|invalid/i, shown);
  }
  t.is((await runHostile({User: 'user:extra'}, ['id', '-u'])).stdout, '1000');
});

test.serial('an environment reaches the container, and nobody else', async t => {
  t.timeout(60_000);
  const lines = 'FIRST=one\nSECOND=two';
  const Env = [
    'PATH=/bin',
    lines,
    'LD_PRELOAD=/no/such.so',
    '_LIBCONTAINER_INITPIPE=0',
    '_LIBCONTAINER_FIFOFD=4',
    'GODEBUG=x',
  ];
  const {exitCode, stdout, stderr} = await runHostile({Env}, ['env']);
  t.is(exitCode, 0, stderr);
  t.true(stdout.includes(lines));
  t.true(stdout.includes('LD_PRELOAD=/no/such.so'));
  const daemon = readFileSync(`/proc/${engine().dockerd.pid}/environ`, 'utf8');
  t.false(daemon.includes('SECOND'));
  for (const bad of ['=value', '', 'A=b\u0000LD_PRELOAD=c', 'NOTHING']) {
    const outcome = await runHostile({Env: ['PATH=/bin', bad]}, ['true']);
    t.true(
      outcome.exitCode === 0 || /error|invalid/i.test(outcome.stderr),
      `${JSON.stringify(bad)}: ${outcome.stderr}`,
    );
  }
});

/** Every command in every state of a container, by this program and by runc itself: same exit code, text and state. */
import test from 'ava';
import {missing, RuntimeSandbox, wrapper} from './test-support/sandbox.ts';

const runc = '/usr/sbin/runc';
const reason = missing(runc);
const serial = reason ? test.serial.skip : test.serial;
if (reason) console.error(`lifecycle table skipped: ${reason}`);

const states = ['absent', 'created', 'running', 'paused', 'stopped'] as const;
const commands = [
  ['state', 'ID'],
  ['create', 'ID'],
  ['start', 'ID'],
  ['kill', 'ID', '0'],
  ['kill', 'ID', 'BOGUS'],
  ['kill', 'ID', 'KILL'],
  ['kill', '--all', 'ID', 'KILL'],
  ['exec', 'ID', 'true'],
  ['exec', 'ID', 'nosuchcommand'],
  ['ps', '--format', 'json', 'ID'],
  ['events', '--stats', 'ID'],
  ['events', '--interval', '0s', 'ID'],
  ['pause', 'ID'],
  ['resume', 'ID'],
  ['update', '--pids-limit', '100', 'ID'],
  ['delete', 'ID'],
  ['delete', '--force', 'ID'],
  ['start', 'ID', 'extra'],
] as const;

for (const state of states) {
  serial(`each command on a container that is ${state}`, async t => {
    const sandbox = await RuntimeSandbox.open(t);
    const bundle = sandbox.bundle(['sleep', '1000']);
    const run = (program: string[], ...args: string[]) =>
      sandbox.run([...program, '--root', sandbox.root, ...args], {cwd: bundle});
    const outcome = (program: string[], command: readonly string[]) => {
      bring(run, state);
      const {code, stdout, stderr} = run(program, ...command.map(word => (word === 'ID' ? 'c1' : word)));
      const after = statusAfter(run, command);
      run([runc], 'delete', '--force', 'c1');
      return {code, stderr: comparable(stderr), after, stdout: code === 0 ? shape(stdout) : stdout.length > 0};
    };
    for (const command of commands)
      t.deepEqual(outcome(wrapper, command), outcome([runc], command), `${command.join(' ')} on ${state}`);
  });
}

/** What of the output is the same for two containers: the status, the number of processes, the kinds of statistics. */
function shape(stdout: string): unknown {
  if (stdout === '') return '';
  const value = JSON.parse(stdout);
  if (Array.isArray(value)) return value.length;
  if (value?.type !== 'stats') return value?.status ?? value;
  const {memory, ...rest} = value.data;
  return [Object.keys(rest), Object.keys(memory.raw), Object.keys(rest.cpu), rest.cpuset, memory.usage.limit];
}

type Run = (program: string[], ...args: string[]) => {code: number | null; stdout: string; stderr: string};

function bring(run: Run, state: (typeof states)[number]): void {
  const must = (...args: string[]) => {
    const {code, stderr} = run([runc], ...args);
    if (code !== 0) throw new Error(`runc ${args.join(' ')}: ${stderr}`);
  };
  if (state !== 'absent') must('create', 'c1');
  if (state === 'running' || state === 'paused') must('start', 'c1');
  if (state === 'paused') must('pause', 'c1');
  if (state !== 'stopped') return;
  must('kill', 'c1', 'KILL');
  settle(run, 'stopped');
}

/** A killed process needs a moment to be gone: what was running is looked at again until it has had that moment. */
function statusAfter(run: Run, command: readonly string[]): string {
  return command.includes('KILL') ? settle(run, 'stopped') : statusOf(run);
}

function settle(run: Run, wanted: string): string {
  let status = statusOf(run);
  for (let i = 0; i < 50 && status !== wanted && status !== 'absent'; i++) status = statusOf(run);
  return status;
}

function statusOf(run: Run): string {
  const {code, stdout} = run([runc], 'state', 'c1');
  return code === 0 ? JSON.parse(stdout).status : 'absent';
}

/** Without times, and without the name of the program. */
function comparable(stderr: string): string {
  // Whether the kernel has let go of a cgroup at the first try is chance.
  const lasting = stderr.replaceAll(/^.*Failed to remove cgroup \(will retry\).*\n/gm, '');
  return lasting.replaceAll(/time="[^"]*" /g, '').replaceAll(/msg="\S+: (?=\\"\w+\\" requires)/g, 'msg="NAME: ');
}

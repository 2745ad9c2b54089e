/** Every command in every state of a container, by this program and by the runtime itself: same exit code and state. */
import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import {missing, RuntimeSandbox, wrapper} from './test-support/sandbox.ts';

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

/** `code` is null for a runtime that crashed. */
type Outcome = {code: number | null; after: string};

interface Runtime {
  binary: string;
  commands: readonly (readonly string[])[];
  /** Also the texts of errors and the shape of the output are compared: they are runc's whatever the runtime is. */
  texts: boolean;
  sandbox: {withoutUnified?: boolean};
  /** By state and command, where the runtime is not like runc: this program follows runc. */
  differences: Partial<Record<(typeof states)[number], Record<string, {theirs: Outcome; ours: Outcome}>>>;
}

/** Over crun: what is done here and not by crun; all of the lifecycle in the long form. */
const native = ['start', 'kill KILL', 'pause', 'resume', 'update', 'ps', 'delete'];
const others = ['state', 'create', 'kill 0', 'exec true', 'exec nosuchcommand', 'delete --force'];
const lifecycle = process.env.LONGSHORE_LONG === '1' ? [...native, ...others] : native;

const runtimes: Runtime[] = [
  {binary: '/usr/sbin/runc', commands, texts: true, sandbox: {}, differences: {}},
  {
    binary: '/usr/bin/crun',
    commands: commands.filter(command => lifecycle.includes(command.filter(isNamed).join(' '))),
    texts: false,
    sandbox: {withoutUnified: true},
    // Of crun 1.8: it resumes what is not paused, pauses what is, leaves a killed container frozen, updates one that
    // has stopped, and crashes when it lists the processes of that.
    differences: {
      absent: {ps: {theirs: {code: 253, after: 'absent'}, ours: {code: 1, after: 'absent'}}},
      created: {resume: {theirs: {code: 0, after: 'created'}, ours: {code: 1, after: 'created'}}},
      running: {resume: {theirs: {code: 0, after: 'running'}, ours: {code: 1, after: 'running'}}},
      paused: {
        'kill KILL': {theirs: {code: 0, after: 'paused'}, ours: {code: 0, after: 'stopped'}},
        pause: {theirs: {code: 0, after: 'paused'}, ours: {code: 1, after: 'paused'}},
      },
      stopped: {
        ps: {theirs: {code: null, after: 'stopped'}, ours: {code: 0, after: 'stopped'}},
        update: {theirs: {code: 0, after: 'stopped'}, ours: {code: 1, after: 'stopped'}},
      },
    },
  },
];

function isNamed(word: string): boolean {
  return word !== 'ID' && !['--format', 'json', '--pids-limit', '100'].includes(word);
}

for (const {binary, ...runtime} of runtimes) {
  const reason = missing(binary);
  const serial = reason ? test.serial.skip : test.serial;
  if (reason) console.error(`lifecycle table of ${binary} skipped: ${reason}`);
  for (const state of states) {
    serial(`${binary}: each command on a container that is ${state}`, async t => {
      const sandbox = await RuntimeSandbox.open(t, runtime.sandbox);
      const bundle = sandbox.bundle(['sleep', '1000']);
      const run = (program: string[], ...args: string[]) =>
        sandbox.run([...program, '--root', sandbox.root, ...args], {cwd: bundle});
      const outcome = (program: string[], command: readonly string[]) => {
        bring(run, binary, state);
        const {code, stdout, stderr} = run(program, ...command.map(word => (word === 'ID' ? 'c1' : word)));
        const after = statusAfter(run, binary, command);
        run([binary], 'delete', '--force', 'c1');
        if (!runtime.texts) return {code, after};
        return {code, after, stderr: comparable(stderr), stdout: code === 0 ? shape(stdout) : stdout.length > 0};
      };
      const ours = [...wrapper, '--runtime-binary', binary];
      const differences: Record<string, unknown> = {};
      for (const command of runtime.commands) {
        const name = command.filter(isNamed).join(' ');
        const [theirs, found] = [outcome([binary], command), outcome(ours, command)];
        if (!isDeepStrictEqual(theirs, found)) differences[name] = {theirs, ours: found};
      }
      t.deepEqual(differences, runtime.differences[state] ?? {});
    });
  }
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

function bring(run: Run, runtime: string, state: (typeof states)[number]): void {
  const must = (...args: string[]) => {
    const {code, stderr} = run([runtime], ...args);
    if (code !== 0) throw new Error(`${runtime} ${args.join(' ')}: ${stderr}`);
  };
  if (state !== 'absent') must('create', 'c1');
  if (state === 'running' || state === 'paused') must('start', 'c1');
  if (state === 'paused') must('pause', 'c1');
  if (state !== 'stopped') return;
  must('kill', 'c1', 'KILL');
  settle(run, runtime, 'stopped');
}

/** A killed process needs a moment to be gone: what was running is looked at again until it has had that moment. */
function statusAfter(run: Run, runtime: string, command: readonly string[]): string {
  return command.includes('KILL') ? settle(run, runtime, 'stopped') : statusOf(run, runtime);
}

function settle(run: Run, runtime: string, wanted: string): string {
  let status = statusOf(run, runtime);
  for (let i = 0; i < 50 && status !== wanted && status !== 'absent'; i++) status = statusOf(run, runtime);
  return status;
}

function statusOf(run: Run, runtime: string): string {
  const {code, stdout} = run([runtime], 'state', 'c1');
  return code === 0 ? JSON.parse(stdout).status : 'absent';
}

/** Without times, and without the name of the program. */
function comparable(stderr: string): string {
  // Whether the kernel has let go of a cgroup at the first try is chance.
  const lasting = stderr.replaceAll(/^.*Failed to remove cgroup \(will retry\).*\n/gm, '');
  return lasting.replaceAll(/time="[^"]*" /g, '').replaceAll(/msg="\S+: (?=\\"\w+\\" requires)/g, 'msg="NAME: ');
}

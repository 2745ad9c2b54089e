/** `update` beside runc's: the same limits in the kernel, and in the state that the next `update` begins with. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {missing, RuntimeSandbox, wrapper} from '../test-support/sandbox.ts';

const runc = '/usr/sbin/runc';
const reason = missing(runc);
const serial = reason ? test.serial.skip : test.serial;
if (reason) console.error(`update tests skipped: ${reason}`);

type Program = readonly string[];

/** A container in a sandbox with another one beside it, which gets the same updates by the other program. */
class Container {
  readonly #sandbox: RuntimeSandbox;
  readonly #bundle: string;
  readonly #id: string;

  static async pair(t: ExecutionContext): Promise<[ours: Container, theirs: Container]> {
    const sandbox = await RuntimeSandbox.open(t);
    const [ours, theirs] = [new Container(sandbox, 'c1'), new Container(sandbox, 'c2')];
    for (const container of [ours, theirs]) {
      t.teardown(() => container.run([runc], ['delete', '--force']));
      const {code, stderr} = container.run([runc], ['create']);
      if (code !== 0) throw new Error(stderr);
    }
    return [ours, theirs];
  }

  constructor(sandbox: RuntimeSandbox, id: string) {
    this.#sandbox = sandbox;
    this.#id = id;
    this.#bundle = sandbox.bundle(['sleep', '1000'], spec => {
      spec.linux!.resources = {
        memory: {limit: 100 << 20, swap: 200 << 20},
        cpu: {quota: 50_000, period: 100_000},
        pids: {limit: 50},
      };
    });
  }

  run(program: Program, args: readonly string[], input?: string) {
    const words = [...program, '--root', this.#sandbox.root, ...args, this.#id];
    return this.#sandbox.run(words, {cwd: this.#bundle, ...(input === undefined ? {} : {input})});
  }

  get #directory(): string {
    return join(this.#sandbox.root, this.#id);
  }

  get stateFile(): string {
    return readFileSync(join(this.#directory, 'state.json'), 'utf8');
  }

  get files(): string[] {
    return readdirSync(this.#directory).sort();
  }

  /** What the kernel has of every limit that exists here. */
  limits(): Record<string, string> {
    const {cgroup_paths: paths} = JSON.parse(this.stateFile) as {cgroup_paths: Record<string, string>};
    const values: Record<string, string> = {};
    for (const [controller, files] of Object.entries(limitFiles)) {
      for (const file of files) {
        const path = `${paths[controller]}/${file}`;
        if (existsSync(path)) values[file] = readFileSync(path, 'utf8').trim();
      }
    }
    return values;
  }
}

const limitFiles: Record<string, string[]> = {
  memory: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'memory.soft_limit_in_bytes'],
  cpu: ['cpu.shares', 'cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpu.rt_period_us', 'cpu.rt_runtime_us'],
  cpuset: ['cpuset.cpus', 'cpuset.mems'],
  pids: ['pids.max'],
  blkio: ['blkio.weight', 'blkio.bfq.weight'],
  '': ['memory.max', 'memory.swap.max', 'memory.low', 'cpu.max', 'cpu.weight', 'pids.max', 'io.bfq.weight'],
};

type Step = {args: readonly string[]; input?: string; stored?: Record<string, unknown>};

const steps: Step[] = [
  {
    args: ['--memory', '64M', '--memory-swap', '1.5g', '--memory-reservation', '20000000', '--pids-limit', '77'],
    stored: {memory: 64 << 20, memory_swap: 1.5 * 2 ** 30, memory_reservation: 20_000_000, pids_limit: 77},
  },
  {args: ['--memory', '-1', '--pids-limit', '-1'], stored: {memory: -1, memory_swap: -1, pids_limit: -1}},
  {
    args: ['--cpu-share', '512', '--cpu-quota', '20000', '--cpu-period', '40000', '--blkio-weight', '500'],
    stored: {cpu_shares: 512, cpu_weight: 20, cpu_quota: 20_000, cpu_period: 40_000, blkio_weight: 500},
  },
  {args: ['--cpu-quota', '-1', '--cpuset-cpus', '0', '--cpuset-mems', '0'], stored: {cpu_quota: -1, cpuset_cpus: '0'}},
  {args: ['--cpu-period', '1000', '--cpu-quota', '1000']},
  {args: ['-r', '-'], input: '{"memory":{"limit":50000000},"cpu":{"shares":100,"cpus":"0"},"pids":{"limit":9}}'},
  {args: ['-r', '-', '--pids-limit', '3'], input: '{"blockIO":{"weight":300},"cpu":{"quota":3000}}'},
  {args: ['-r', '-'], input: '{"hugepageLimits":[{"pageSize":"2MB","limit":1}],"cpu":{}}'},
];

serial('every limit is the same in the kernel and in the state as by runc', async t => {
  const [ours, theirs] = await Container.pair(t);
  for (const {args, input, stored} of steps) {
    const by = (container: Container, program: Program) => {
      const {code, stderr} = container.run(program, ['update', ...args], input);
      return {code, stderr, limits: container.limits()};
    };
    const name = `${args.join(' ')} ${input ?? ''}`;
    t.deepEqual(by(ours, wrapper), by(theirs, [runc]), name);
    if (!stored) continue;
    for (const container of [ours, theirs]) t.like(JSON.parse(container.stateFile).config.cgroups, stored, name);
  }
});

serial('runc goes on from what was updated here, and the rest of the state is as it was', async t => {
  const [container] = await Container.pair(t);
  const before = container.stateFile;
  t.is(container.run(wrapper, ['update', '--memory', '80M']).code, 0);
  const value = 80 << 20;
  t.deepEqual(JSON.parse(container.stateFile), JSON.parse(before.replace('"memory":104857600', `"memory":${value}`)));
  t.deepEqual(container.files, ['exec.fifo', 'state.json']);
  t.is(container.run([runc], ['update', '--cpu-share', '300']).code, 0);
  t.is(container.limits()['memory.limit_in_bytes'] ?? container.limits()['memory.max'], String(value));
  t.is(JSON.parse(container.run([runc], ['state']).stdout).status, 'created');
});

const refused: [args: string[], input?: string][] = [
  [['--memory', '1k']],
  [['--memory', '10M', '--memory-swap', '5M']],
  [['--cpu-share', '1']],
  [['--cpu-share', 'many']],
  [['--pids-limit', '60', '--cpuset-cpus', '99']],
  [['--pids-limit', 'x']],
  [['-r', '/no/such/file']],
  [['-r', '-'], '{'],
  [['-r', '-'], '{"memory":{"limit":"1"}}'],
];

serial('what the kernel or the parser refuses is refused in the same words, and changes nothing', async t => {
  const [container, other] = await Container.pair(t);
  const [limits, state] = [container.limits(), container.stateFile];
  for (const [args, input] of refused) {
    const ours = container.run(wrapper, ['update', ...args], input);
    t.deepEqual([container.limits(), container.stateFile], [limits, state], args.join(' '));
    const theirs = other.run([runc], ['update', ...args], input);
    const comparable = (stderr: string) => message(stderr)?.replaceAll('/2/', '/1/');
    t.deepEqual([ours.code, comparable(ours.stderr)], [theirs.code, comparable(theirs.stderr)], args.join(' '));
  }
});

/** runc warns besides that it could not set the old limits again. Peaks and present use are those of the moment. */
function message(stderr: string): string | undefined {
  return /level=error msg=(.*)/.exec(stderr)?.[1]?.replaceAll(/usage: \d+/g, 'usage: N');
}

/**
 * Containers at short work while processes of the chain are killed, stopped and continued at random. In the end every
 * recorded exit is what really happened, and nothing is left. 20 containers, or 300 with LONGSHORE_LONG=1.
 */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {type Engine, poll, readProcess} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

const count = process.env.LONGSHORE_LONG === '1' ? 300 : 20;
const seed = Number(process.env.LONGSHORE_SEED ?? Date.now() % 1_000_000);
const atOnce = 4;
const killed = 137;

/** Works for `steps` times 20 ms, says in a file that it has finished, and exits with its own code. */
const script = 'i=0; while [ $i -lt $1 ]; do i=$((i+1)); usleep 20000; done; : >/s/$0.done; exit $2';

interface Worker {
  name: string;
  id: string;
  pid: number;
  code: number;
  /** We have killed its process or its shim. */
  hit: boolean;
}

type Random = (limit: number) => number;

test(`${count} containers and a chain under fire`, async t => {
  t.timeout(20 * 60_000);
  t.log(`seed ${seed}`);
  const random = generator(seed);
  const engine = await openEngine(t);
  const gate = new Gate();
  const workers: Worker[] = [];
  const counts: Record<string, number> = {};
  let starting = true;
  const chaos = (async () => {
    while (starting || workers.some(isThere)) {
      await sleep(50 + random(150));
      const what = await strike(engine, gate, workers, random);
      counts[what] = (counts[what] ?? 0) + 1;
    }
  })();
  const numbers = Array.from({length: count}, (_, number) => number);
  const lane = async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      workers.push(await startWorker(engine, gate, number, random));
    }
  };
  await Promise.all(Array.from({length: atOnce}, lane)).finally(() => {
    starting = false;
  });
  await chaos;
  t.log(`strikes: ${JSON.stringify(counts)}`);
  for (const worker of workers) {
    const recorded = Number(await engine.dockerOk('wait', worker.name));
    const finished = existsSync(join(engine.paths.scratch, `${worker.name}.done`));
    // Hit between its last word and its exit, it may have ended either way.
    const possible = worker.hit ? (finished ? [worker.code, killed] : [killed]) : [worker.code];
    t.true(
      possible.includes(recorded),
      `${worker.name} (hit: ${worker.hit}, finished: ${finished}): ${recorded}, not ${possible}`,
    );
    t.true(finished || worker.hit, `${worker.name} has done its work`);
  }
  t.is(workers.length, count);
  for (const {name} of workers) await engine.dockerOk('rm', name);
  t.is(await engine.dockerOk('ps', '-aq'), '');
});

/** A start that is cut off by the death of a daemon is done again. */
async function startWorker(engine: Engine, gate: Gate, number: number, random: Random): Promise<Worker> {
  const name = `w${number}`;
  const code = 1 + random(100);
  const steps = String(5 + random(100));
  const mount = `${engine.paths.scratch}:/s`;
  return gate.shared(async () => {
    const run = ['run', '-d', '--network', 'none', '--name', name, '-v', mount, 'busybox', 'sh', '-c', script, name];
    const id = await engine.dockerOk(...run, steps, String(code));
    const pid = Number(await engine.dockerOk('inspect', '-f', '{{.State.Pid}}', name));
    return {name, id, pid, code, hit: false};
  });
}

/** One blow at a random process; says which. */
async function strike(engine: Engine, gate: Gate, workers: readonly Worker[], random: Random): Promise<string> {
  const alive = workers.filter(isThere);
  const victim = alive[random(Math.max(1, alive.length))];
  const kind = random(20);
  if (kind === 0) return gate.alone(() => killContainerd(engine));
  if (kind === 1) return gate.alone(() => killDockerd(engine));
  if (kind === 2) return halt(engine.dockerd.pid, 'dockerd stopped', random);
  if (kind === 3) return halt((await engine.containerdProcess()).pid, 'containerd stopped', random);
  if (!victim) return 'nobody there';
  if (kind < 9) return halt(victim.pid, 'process stopped', random);
  const target = kind < 17 && kind >= 14 ? victim.pid : shimPid(engine, victim.id);
  if (kind < 14) return halt(target, 'shim stopped', random);
  if (!signal(target, 'SIGKILL')) return 'too late';
  victim.hit = true;
  return kind < 17 ? 'process killed' : 'shim killed';
}

/** -1 when it has ended meanwhile. */
function shimPid(engine: Engine, id: string): number {
  try {
    return engine.shimProcess(id).pid;
  } catch {
    return -1;
  }
}

async function killContainerd(engine: Engine): Promise<string> {
  const containerd = await engine.containerdProcess();
  await containerd.kill();
  await poll(() => !containerd.running, {what: 'the killed containerd to be gone'});
  await poll(async () => (await engine.ctr('version')).exitCode === 0, {timeout: 30_000, what: 'containerd to answer'});
  return 'containerd killed';
}

async function killDockerd(engine: Engine): Promise<string> {
  await engine.dockerd.kill('SIGKILL');
  await engine.dockerd.start();
  return 'dockerd killed';
}

async function halt(pid: number, what: string, random: Random): Promise<string> {
  if (!signal(pid, 'SIGSTOP')) return 'too late';
  await sleep(random(250));
  signal(pid, 'SIGCONT');
  return what;
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** Its pid may be somebody else's by now. */
function isThere({pid, name}: Worker): boolean {
  return readProcess(pid)?.command.includes(`${name} `) ?? false;
}

/** Commands of the client side by side; the death of a daemon when none is under way. */
class Gate {
  #running = 0;
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  async shared<T>(action: () => Promise<T>): Promise<T> {
    while (this.#closed) await this.#closed;
    this.#running++;
    try {
      return await action();
    } finally {
      if (--this.#running === 0) this.#onIdle?.();
    }
  }

  async alone<T>(action: () => Promise<T>): Promise<T> {
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#closed = promise;
    if (this.#running > 0) {
      await new Promise<void>(idle => {
        this.#onIdle = idle;
      });
    }
    try {
      return await action();
    } finally {
      this.#closed = undefined;
      this.#onIdle = undefined;
      resolve();
    }
  }
}

/** Repeatable pseudo-random numbers below `limit`. */
function generator(start: number): Random {
  let state = start;
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

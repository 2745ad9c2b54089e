/** Whoever reads the output of a command slowly, or stops for a while before its end, gets every byte of it. */
import test from 'ava';
import {dockerClients} from '../harness/clients.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

const program = 'dd if=/dev/zero bs=1024 count=2000 2>/dev/null | cat -v';
const total = 4_096_000;
/** Stops at the beginning, and where the rest is more than a pipe holds but less than a client takes at once. */
const counted = `{ sleep 1; head -c ${total - 200_000}; sleep 1; cat; } | wc -c`;

for (const client of dockerClients) {
  /** How many bytes of a command's output a slow reader gets. */
  const consume = async (args: string) => {
    const env = {...engine().clientEnv(), ...client.env};
    const {stdout, stderr} = await engine().run(['sh', '-c', `${client.path(engine())} ${args} | ${counted}`], {env});
    return `${stdout.trim()}${stderr}`;
  };
  const consumeAll = async (all: string[]) => Promise.all(all.map(consume));

  test.serial(`${client.name}: output of run, exec, start and logs is whole for a slow reader`, async t => {
    const made = await engine().dockerOk('create', 'busybox', 'sh', '-c', program);
    const runner = await engine().dockerOk('run', '-d', 'busybox', 'sleep', '600');
    const attached = [`run --rm busybox sh -c '${program}'`, `exec ${runner} sh -c '${program}'`, `start -a ${made}`];
    const whole = String(total);
    t.deepEqual(await consumeAll(attached), [whole, whole, whole]);
    t.deepEqual(await consumeAll([`logs ${made}`, `logs -f ${made}`]), [whole, whole]);
    t.is(await consume(`run --rm busybox sh -c '${program} >&2' 2>&1 >/dev/null`), whole);
    await engine().dockerOk('rm', '-f', made, runner);
  });
}

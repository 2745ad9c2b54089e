/**
 * Power cuts: the machine is switched off at a random moment of a random operation, without a word to its kernel, and
 * started again. Afterwards everything that a client was told is still true, nothing half-made is shown as whole, leftovers
 * are gone, and a check of containerd's store finds nothing. 5 cuts; 30 with LONGSHORE_LONG=1.
 *
 * LONGSHORE_SEED repeats the operations of a run (not its moments, which are the machine's).
 */
import {env} from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {type Guest, hasVirtualMachines, importBox, installPackages, isLong, openGuest} from './guest.ts';

const cuts = isLong ? 30 : 5;
/** A cut comes this long after the first operation, in milliseconds. */
const [earliest, latest] = [500, 15_000];

/** What the client knows of a thing: an operation on it was answered, or was under way when the power went. */
type Knowledge = 'there' | 'gone' | 'unknown';

interface World {
  containers: Map<string, Knowledge>;
  images: Map<string, Knowledge>;
  volumes: Map<string, Knowledge>;
}

interface Operation {
  name: string;
  command: string;
  /** What it changes, and what is known when it succeeded. */
  effects: [map: keyof World, name: string, after: Knowledge][];
}

const story = hasVirtualMachines ? test.serial : test.serial.skip;
const seed = Number(env.LONGSHORE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = generator(seed);
const world: World = {containers: new Map(), images: new Map([['base', 'there']]), volumes: new Map()};
let guest: Guest;

if (hasVirtualMachines) {
  test.before('a machine boots, with things to lose', async t => {
    guest = await openGuest({packages: ['0.1.0']});
    await prepare(guest);
    t.log(`LONGSHORE_SEED=${seed}`);
  });
  test.after.always('and is switched off', () => guest?.[Symbol.asyncDispose]());
}

for (let cut = 1; cut <= cuts; cut++) {
  story(`power cut ${cut} of ${cuts} loses nothing that was acknowledged`, async t => {
    const [operations, during] = await workUntilCut(guest, world, random);
    const started = Date.now();
    await guest.machine.start();
    const bootSeconds = (Date.now() - started) / 1000;
    t.log(`after ${operations} operations, during "${during}"; back after ${bootSeconds.toFixed(0)} s`);
    await verify(t, guest, world, `cut ${cut}, during "${during}"`);
  });
}

/** Images to load and pull from a registry of the guest's own, and a container whose log is rotated all the time. */
async function prepare(guest: Guest): Promise<void> {
  await installPackages(guest, '0.1.0');
  await guest.sh(importBox);
  // Debian's configuration of the registry wants a password.
  await guest.sh(`set -e
cat >/etc/docker/registry/config.yml <<'EOF'
version: 0.1
storage: {filesystem: {rootdirectory: /var/lib/docker-registry}}
http: {addr: '127.0.0.1:5000'}
EOF
systemctl enable docker-registry.service
systemctl restart docker-registry.service
for i in $(seq 300); do busybox wget -qO /dev/null http://127.0.0.1:5000/v2/ && break; sleep 0.2; done
docker run --name seed box sh -c 'echo base >/stamp; head -c 8m /dev/urandom >/filler'
docker commit seed base; docker rm seed
for i in 1 2 3; do
  docker run --name seed base sh -c "echo source$i >/stamp; head -c 4m /dev/urandom >/filler$i; mkdir /d$i; for n in \\$(seq 200); do echo \\$n >/d$i/\\$n; done"
  docker commit seed load$i; docker rm seed
  docker save -o /root/load$i.tar load$i
  docker tag load$i 127.0.0.1:5000/pull$i; docker push -q 127.0.0.1:5000/pull$i
  docker rmi load$i 127.0.0.1:5000/pull$i
done
docker run -d --name chatter --restart always --log-opt max-size=4k --log-opt max-file=3 box sh -c 'while :; do echo "line $(date)"; done'
sync`);
}

/** Operations one after the other until the power goes. Returns how many were answered, and the one that was not. */
async function workUntilCut(guest: Guest, world: World, random: () => number): Promise<[number, string]> {
  const delay = earliest + random() * (latest - earliest);
  let cut = false;
  const power = sleep(delay).then(() => {
    cut = true;
    return guest.machine.powerCut();
  });
  let answered = 0;
  let current = 'nothing';
  try {
    while (!cut) {
      const operation = choose(world, random);
      current = operation.name;
      for (const [map, name] of operation.effects) world[map].set(name, 'unknown');
      const {code, stderr} = await guest.machine.run(operation.command);
      if (cut) break;
      if (code !== 0) throw new Error(`${operation.command}: exit code ${code}: ${stderr}`);
      for (const [map, name, after] of operation.effects) world[map].set(name, after);
      answered++;
    }
  } catch (error) {
    if (!cut) throw error;
  } finally {
    await power;
  }
  return [answered, current];
}

let serial = 0;

function choose(world: World, random: () => number): Operation {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const known = (map: keyof World) =>
    [...world[map]].filter(([, knowledge]) => knowledge === 'there').map(([name]) => name);
  const name = `c${++serial}`;
  const which = 1 + Math.floor(random() * 3);
  const container = pick(known('containers'));
  const volume = pick(known('volumes'));
  const image = pick(known('images').filter(each => each !== 'base'));
  const operations: (Operation | false)[] = [
    {name: 'load', command: `docker load -q -i /root/load${which}.tar`, effects: [['images', `load${which}`, 'there']]},
    {
      name: 'pull',
      command: `docker pull -q 127.0.0.1:5000/pull${which}`,
      effects: [['images', `127.0.0.1:5000/pull${which}`, 'there']],
    },
    {name: 'create', command: `docker create --name ${name} base sleep 1000`, effects: [['containers', name, 'there']]},
    {
      name: 'start',
      command: `docker run -d --name ${name} base sh -c 'echo up; exec sleep 1000'`,
      effects: [['containers', name, 'there']],
    },
    {name: 'volume', command: `docker volume create v${serial}`, effects: [['volumes', `v${serial}`, 'there']]},
    {
      name: 'reload',
      command: `echo '{"debug": ${random() < 0.5}}' >/etc/docker/daemon.json && systemctl reload docker`,
      effects: [],
    },
    {name: 'prune', command: 'docker network prune -f && docker image prune -f', effects: []},
    container !== undefined && {
      name: 'rm',
      command: `docker rm -f ${container}`,
      effects: [['containers', container, 'gone']],
    },
    container !== undefined && {
      name: 'commit',
      command: `docker exec ${container} true 2>/dev/null; docker commit ${container} i${serial}`,
      effects: [['images', `i${serial}`, 'there']],
    },
    volume !== undefined && {
      name: 'volume rm',
      command: `docker volume rm ${volume}`,
      effects: [['volumes', volume, 'gone']],
    },
    image !== undefined && {name: 'rmi', command: `docker rmi ${image}`, effects: [['images', image, 'gone']]},
  ];
  return pick(operations.filter(each => each !== false));
}

/** Compares the engine with what its client was told. What was under way is either done or not, and whole either way. */
async function verify(t: ExecutionContext, guest: Guest, world: World, when: string): Promise<void> {
  const lines = async (command: string) => new Set((await guest.sh(command)).split('\n').filter(line => line !== ''));
  const found = {
    containers: await lines("docker ps -a --format '{{.Names}}'"),
    images: await lines("docker images --format '{{.Repository}}'"),
    volumes: await lines("docker volume ls --format '{{.Name}}'"),
  };
  for (const map of ['containers', 'images', 'volumes'] as const) {
    for (const [name, knowledge] of world[map]) {
      const there = found[map].has(name);
      if (knowledge !== 'unknown')
        t.is(there, knowledge === 'there', `${when}: ${map} ${name}, which must be ${knowledge}`);
      world[map].set(name, there ? 'there' : 'gone');
    }
  }
  for (const image of found.images) {
    if (image === 'box') continue;
    const stamp = await guest.sh(
      `docker run --rm ${image} sh -c 'cat /stamp; for f in /filler* /d[0-9]/*; do [ ! -e "$f" ] || [ -s "$f" ] || echo "empty: $f"; done'`,
    );
    const expected = /(?:load|pull)(\d)$/.exec(image);
    t.is(stamp, expected ? `source${expected[1]}` : 'base', `${when}: image ${image}`);
  }
  t.regex(await guest.sh('docker logs --tail 1 chatter'), /^line /, `${when}: the log that was being rotated`);
  t.is(await guest.sh("docker inspect -f '{{.State.Running}}' chatter"), 'true', when);
  await checkStore(t, guest, when);
}

/** With everything stopped, the store is sound and nothing is mounted or left in a cgroup. */
async function checkStore(t: ExecutionContext, guest: Guest, when: string): Promise<void> {
  await guest.sh('systemctl stop docker.socket docker.service containerd.service');
  const {code, stdout} = await guest.machine.run('containerd check');
  t.is(`${code} ${stdout}`, '0 ', `${when}: the check of containerd's root`);
  t.is(await guest.sh("grep -c ' /var/lib/docker/' /proc/mounts || true"), '0', `${when}: mounts`);
  t.is(await guest.sh("find /sys/fs/cgroup -name 'docker-*.scope'"), '', `${when}: cgroups`);
  t.is(await guest.sh('ls /run/docker/netns 2>/dev/null || true'), '', `${when}: network namespaces`);
  await guest.sh('systemctl start containerd.service docker.socket docker.service');
}

/** mulberry32: small, and the same on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * containerd is killed while the mount manager works: what was promised before is there after the next start, and what
 * was half made is not. Three kills, or thirty with LONGSHORE_LONG=1.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {callContext} from '@longshore/base';
import {type ContainerdClient, openClient} from '@longshore/containerd-client';
import {poll, type StandaloneContainerd} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openContainerd} from '../harness/open.ts';

const kills = process.env.LONGSHORE_LONG === '1' ? 30 : 3;
const ctx = callContext({namespace: 'default'});

/** Activations of a file system in a file, on a device, below an overlay. */
class Rig {
  readonly containerd: StandaloneContainerd;
  readonly client: ContainerdClient;
  readonly #root: string;
  readonly #places: string;

  constructor(containerd: StandaloneContainerd) {
    this.containerd = containerd;
    const {dataRoot, execRoot, containerdSocket} = containerd.paths;
    this.client = openClient({address: containerdSocket});
    this.#root = join(dataRoot, 'containerd/daemon');
    this.#places = join(execRoot, 'containerd/daemon/io.containerd.mount-manager.v1.sqlite');
  }

  /** One disk for each slot: names of activations are new in every round. */
  async activate(name: string, slot: number | string): Promise<void> {
    const mkdir = ['upper', 'work'].map(each => `X-containerd.mkdir.path={{ mount 1 }}/${each}:0755`);
    const overlay = ['lowerdir=/usr', 'upperdir={{ mount 1 }}/upper', 'workdir={{ mount 1 }}/work'];
    const mkfs = ['X-containerd.mkfs.size=8MiB', 'X-containerd.mkfs.fs=ext4'];
    await this.client.mounts.activate(callContext({namespace: 'default', lease: 'kept'}), {
      ...{name, temporary: true, labels: {}},
      mounts: [
        {type: 'mkfs/loop', source: join(this.#root, `disk-${slot}`), target: '', options: mkfs},
        {type: 'format/ext4', source: '{{ mount 0 }}', target: '', options: []},
        {type: 'format/mkdir/overlay', source: 'overlay', target: '', options: [...mkdir, ...overlay]},
      ],
    });
  }

  async names(): Promise<string[]> {
    const names = [];
    for await (const {info} of this.client.mounts.list(ctx, {filters: []})) names.push(info?.name ?? '');
    return names.sort();
  }

  /** How many mounts and devices there are of the manager's, and what its directories hold. */
  async present(): Promise<{mounts: number; devices: number; directories: number; unfinished: string[]}> {
    const {stdout} = await this.containerd.run(['cat', '/proc/self/mountinfo']);
    const devices = readdirSync('/sys/block').filter(name => this.#isOurs(name));
    return {
      mounts: stdout.split('\n').filter(line => line.includes(this.#places)).length,
      devices: devices.length,
      directories: readdirSync(this.#places).length,
      unfinished: readdirSync(this.#root).filter(name => name.endsWith('.mkfs')),
    };
  }

  #isOurs(device: string): boolean {
    try {
      return readFileSync(`/sys/block/${device}/loop/backing_file`, 'utf8').startsWith(`${this.#root}/disk-`);
    } catch {
      return false; // no loop device, or one without a file by now
    }
  }
}

/** Activations that the daemon had answered when it was killed. */
async function killAmid(rig: Rig, round: number): Promise<string[]> {
  const answered: string[] = [];
  const slots = [0, 1, 2, 3];
  const calls = slots.map(slot =>
    rig.activate(`${round}-${slot}`, slot).then(
      () => answered.push(`${round}-${slot}`),
      () => {},
    ),
  );
  // Kills fall before the first answer, between two, and after the last.
  await poll(async () => answered.length >= (round * 2) % 5, {what: 'activations'});
  await sleep(Math.random() * 60);
  await rig.containerd.daemon.kill('SIGKILL');
  await Promise.all(calls);
  await rig.containerd.daemon.start();
  return answered;
}

async function check(t: ExecutionContext, rig: Rig, promised: readonly string[]): Promise<string[]> {
  const names = await rig.names();
  for (const name of promised) t.true(names.includes(name), `${name} is there`);
  const expected = {mounts: names.length * 2, devices: names.length, directories: names.length};
  await poll(
    async () => {
      const {mounts, devices, directories} = await rig.present();
      return JSON.stringify({mounts, devices, directories}) === JSON.stringify(expected);
    },
    {what: `${names.length} activations and nothing else`},
  );
  return names;
}

test(`containerd is killed ${kills} times amid mounts`, async t => {
  t.timeout(60_000 + kills * 30_000);
  const rig = new Rig(await openContainerd(t));
  using _client = rig.client;
  await rig.client.leases.create(ctx, {id: 'kept', labels: {}});
  await rig.activate('first', 'first');
  let completed = 0;
  for (let round = 1; round <= kills; round++) {
    const answered = await killAmid(rig, round);
    const names = await check(t, rig, ['first', ...answered]);
    const ofRound = names.filter(name => name !== 'first');
    completed += ofRound.length;
    for (const name of ofRound) await rig.client.mounts.deactivate(ctx, {name});
    await check(t, rig, ['first']);
  }
  t.log(`${completed} of ${kills * 4} activations were complete when the daemon was killed`);
  await rig.client.leases.delete(ctx, {id: 'kept', sync: true});
  t.deepEqual(await rig.names(), []);
  await check(t, rig, []);
});

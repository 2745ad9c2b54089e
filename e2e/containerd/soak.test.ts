/** Containers run and deleted over and over leave nothing behind in the daemon. LONGSHORE_LONG=1 makes it 500. */
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {callContext} from '@longshore/base';
import {openClient} from '@longshore/containerd-client';
import {busyboxArchive, type StandaloneContainerd} from '@longshore/testing';
import test from 'ava';
import {openContainerd} from '../harness/open.ts';

const cycles = process.env.LONGSHORE_LONG === '1' ? 500 : 12;
const atOnce = 3;
const image = 'docker.io/library/busybox:latest';

interface Figures {
  /** Proportional memory of the daemon, in MiB. */
  memory: number;
  descriptors: number;
  mounts: number;
  /** Database with its log, in KiB. */
  database: number;
  bundles: number;
  snapshots: number;
}

async function measure(containerd: StandaloneContainerd): Promise<Figures> {
  const {paths, daemon} = containerd;
  const root = join(paths.dataRoot, 'containerd/daemon');
  using client = openClient({address: paths.containerdSocket});
  const ctx = callContext({namespace: 'default'});
  // Synchronous: what was deleted is gone from the disk, too.
  await client.leases.create(ctx, {id: 'soak'});
  await client.leases.delete(ctx, {id: 'soak', sync: true});
  await client.snapshots.cleanup(ctx, {snapshotter: 'overlayfs'});
  const proc = (name: string) => readFileSync(`/proc/${daemon.pid}/${name}`, 'utf8');
  const size = (name: string) =>
    statSync(join(root, 'io.containerd.metadata.v1.sqlite', name), {throwIfNoEntry: false})?.size ?? 0;
  const entries = (...parts: string[]) => readdirSync(join(...parts)).length;
  return {
    memory: Number(/^Pss:\s+([0-9]+)/m.exec(proc('smaps_rollup'))?.[1]) / 1024,
    descriptors: entries('/proc', String(daemon.pid), 'fd'),
    mounts: proc('mountinfo').split('\n').length,
    database: (size('meta.db') + size('meta.db-wal')) / 1024,
    bundles: entries(paths.execRoot, 'containerd/daemon/io.containerd.runtime.v2.task/default'),
    snapshots: entries(root, 'io.containerd.snapshotter.v1.overlayfs/snapshots'),
  };
}

async function runSome(containerd: StandaloneContainerd, from: number, count: number): Promise<void> {
  let next = from;
  const worker = async () => {
    while (next < from + count) {
      const id = `soak-${next++}`;
      const cgroup = ['--cgroup', `${containerd.paths.cgroupParent}/${id}`];
      await containerd.ctrOk('run', '--rm', ...cgroup, image, id, 'true');
    }
  };
  await Promise.all(Array.from({length: atOnce}, worker));
}

test(`${cycles} containers leave memory, descriptors, mounts and database as they were`, async t => {
  t.timeout(cycles * 20_000);
  const containerd = await openContainerd(t);
  const archive = join(containerd.paths.scratch, 'busybox.tar');
  writeFileSync(archive, await busyboxArchive());
  await containerd.ctrOk('images', 'import', archive);
  // What the first ones make (threads, caches, the log of the database) is there to stay.
  const warmUp = Math.ceil(cycles / 10);
  await runSome(containerd, 0, warmUp);
  const before = await measure(containerd);
  const started = performance.now();
  await runSome(containerd, warmUp, cycles);
  const perCycle = (performance.now() - started) / cycles;
  const after = await measure(containerd);
  const row = (name: string, {memory, ...rest}: Figures) =>
    `${name}: ${memory.toFixed(1)} MiB, ${JSON.stringify(rest)}`;
  t.log(`${cycles} cycles, ${perCycle.toFixed(0)} ms each, ${atOnce} at once`);
  t.log(row('before', before));
  t.log(row('after ', after));
  t.is(after.bundles, before.bundles);
  t.is(after.snapshots, before.snapshots);
  t.is(after.mounts, before.mounts);
  t.true(after.descriptors <= before.descriptors + 3, `${after.descriptors} descriptors`);
  t.true(after.database <= before.database + 4500, `${after.database} KiB`); // SQLite's log grows to 4 MiB, and stays
  t.true(after.memory <= before.memory + 40, `${after.memory} MiB`);
});

/** The originals on either side of each boundary. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {busyboxArchive, debianExecutables, longshoreExecutables, type StandaloneContainerd} from '@longshore/testing';
import test from 'ava';
import {openContainerd, openEngine} from '../harness/open.ts';

const image = 'docker.io/library/busybox:latest';
const originalShim = '/usr/bin/containerd-shim-runc-v2';

async function importBusybox(containerd: StandaloneContainerd): Promise<void> {
  const archive = join(containerd.paths.scratch, 'busybox.tar');
  writeFileSync(archive, await busyboxArchive());
  await containerd.ctrOk('images', 'import', archive);
}

/** What every combination of client, daemon, shim and runtime has to do. */
async function runScenario(t: import('ava').ExecutionContext, containerd: StandaloneContainerd, flags: string[]) {
  await importBusybox(containerd);
  // Cgroups are not isolated between sandboxes: each has a parent of its own.
  const cgroup = (id: string) => ['--cgroup', `${containerd.paths.cgroupParent}/${id}`];
  t.regex(await containerd.ctrOk('images', 'ls', '-q'), /docker.io\/library\/busybox:latest/);
  const output = await containerd.ctr(
    'run',
    '--rm',
    ...cgroup('short'),
    ...flags,
    image,
    'short',
    'sh',
    '-c',
    // The original shim and ctr can lose what is written right before the end.
    'echo out; echo err >&2; sleep 0.3; exit 3',
  );
  t.deepEqual([output.exitCode, output.stdout.trim()], [3, 'out'], output.stderr);
  await containerd.ctrOk('run', '-d', ...cgroup('long'), ...flags, image, 'long', 'sleep', '300');
  t.regex(await containerd.ctrOk('tasks', 'ls'), /long\s+\d+\s+RUNNING/);
  t.is(await containerd.ctrOk('tasks', 'exec', '--exec-id', 'x1', 'long', 'echo', 'inside'), 'inside');
  await containerd.ctrOk('tasks', 'pause', 'long');
  t.regex(await containerd.ctrOk('tasks', 'ls'), /long\s+\d+\s+PAUSED/);
  await containerd.ctrOk('tasks', 'resume', 'long');
  await containerd.ctrOk('tasks', 'kill', '-s', 'SIGKILL', 'long');
  await containerd.ctr('tasks', 'delete', '-f', 'long');
  await containerd.ctrOk('containers', 'delete', 'long');
  t.is(await containerd.ctrOk('tasks', 'ls', '-q'), '');
}

test("the original ctr lists our engine's containers, tasks, images and snapshots", async t => {
  const engine = await openEngine(t);
  const id = await engine.dockerOk('run', '-d', 'busybox', 'sleep', '300');
  const ctr = async (...args: string[]) => {
    const argv = [debianExecutables.ctr, '--address', engine.paths.containerdSocket, '--namespace', 'moby', ...args];
    const result = await engine.run(argv);
    t.is(result.exitCode, 0, result.stderr);
    return result.stdout;
  };
  t.true((await ctr('containers', 'ls')).includes(id));
  t.regex(await ctr('tasks', 'ls'), new RegExp(`${id}\\s+\\d+\\s+RUNNING`));
  t.true((await ctr('images', 'ls')).includes(image));
  t.regex(await ctr('snapshots', 'ls'), /Active/);
  t.regex(await ctr('namespaces', 'ls'), /moby/);
  t.regex(await ctr('content', 'ls'), /sha256:[0-9a-f]{64}/);
  t.regex(await ctr('plugins', 'ls'), /io\.containerd\.snapshotter\.v1\s+overlayfs/);
  t.is((await ctr('tasks', 'exec', '--exec-id', 'x', id, 'echo', 'by ctr')).trim(), 'by ctr');
});

for (const ctr of ['ours', "Debian's"]) {
  const client = ctr === 'ours' ? {} : {ctr: debianExecutables.ctr};

  test(`${ctr} ctr, our containerd, our shim`, async t => {
    const containerd = await openContainerd(t, client);
    await runScenario(t, containerd, []);
  });

  test(`${ctr} ctr, our containerd, the original shim`, async t => {
    const containerd = await openContainerd(t, client);
    await runScenario(t, containerd, ['--runtime', originalShim]);
  });

  test(`${ctr} ctr, the original containerd, our shim`, async t => {
    const containerd = await openContainerd(t, {...client, containerd: debianExecutables.containerd});
    await runScenario(t, containerd, []);
    t.true(containerd.executables.path.endsWith('dist/bin'));
  });
}

test('the original containerd, the original shim, runc-wrapper as its runtime binary', async t => {
  const containerd = await openContainerd(t, debianExecutables);
  await runScenario(t, containerd, ['--runc-binary', join(longshoreExecutables().path, 'runc-wrapper')]);
});

test('our dockerd on the original containerd', async t => {
  const engine = await openEngine(t, {
    containerd: 'separate',
    executables: {containerd: debianExecutables.containerd},
  });
  t.is(await engine.dockerOk('run', '--rm', 'busybox', 'echo', 'mixed'), 'mixed');
  t.is((await engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'exit 12')).exitCode, 12);
});

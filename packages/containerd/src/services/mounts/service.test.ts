import {existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {status} from '@grpc/grpc-js';
import {LeasesDefinition} from '@longshore/api/gen/containerd/services/leases/v1/leases';
import {MountsDefinition} from '@longshore/api/gen/containerd/services/mounts/v1/mounts';
import type {ActivationInfo} from '@longshore/api/gen/containerd/types/mount';
import {CLONE_NEWNS, isMountPoint, makeRprivate, mountAll, unmountAll, unshare} from '@longshore/linux';
import test, {type ExecutionContext} from 'ava';
import {startTestDaemon, type TestClient} from '../../test-support/daemon.ts';
import {tempDir} from '../../test-support/store.ts';

// Threads of this process that begin from now on have its mounts, and nobody else does.
unshare(CLONE_NEWNS);
makeRprivate('/');

const headers = {'containerd-namespace': 'test'};
const bind = (source: string) => ({type: 'bind', source, target: '', options: ['rbind', 'ro']});

async function failure(t: ExecutionContext, call: Promise<unknown>): Promise<number | undefined> {
  return ((await t.throwsAsync(call as Promise<never>)) as {code?: number} | undefined)?.code;
}

async function activate(
  client: TestClient,
  request: object,
  more: Record<string, string> = {},
): Promise<ActivationInfo> {
  const {info} = await client.call(MountsDefinition, 'activate', request, {...headers, ...more});
  return info as ActivationInfo;
}

async function list(client: TestClient, ...filters: string[]): Promise<string[]> {
  const messages = await Array.fromAsync(client.stream(MountsDefinition, 'list', {filters}));
  return messages.map(({info}) => info?.name ?? '');
}

/** Directories `a` and `b` with a file each. */
function sources(t: ExecutionContext): {a: string; b: string; directory: string} {
  const directory = tempDir(t);
  const [a, b] = [join(directory, 'a'), join(directory, 'b')];
  for (const [path, name] of [
    [a, 'one'],
    [b, 'two'],
  ] as const) {
    mkdirSync(path);
    writeFileSync(join(path, name), name);
  }
  return {a, b, directory};
}

test.serial('layers are mounted, and what is made of them is left to the client', async t => {
  const {client, root} = await startTestDaemon(t);
  const {a, b} = sources(t);
  const upper = join(root, 'scratch');
  const info = await activate(client, {
    name: 'x',
    labels: {color: 'red', empty: ''},
    mounts: [
      ...[bind(a), bind(b)],
      {
        ...{type: 'mkdir/format/overlay', source: 'overlay'},
        options: [
          ...[`X-containerd.mkdir.path=${upper}/fs:0751:12:34`, `X-containerd.mkdir.path=${upper}/work`],
          ...['lowerdir={{ overlay 1 0 }}', `upperdir=${upper}/fs`, `workdir=${upper}/work`, 'x={{source 0}}'],
        ],
      },
    ],
  });
  t.deepEqual([info.name, info.labels], ['x', {color: 'red'}]);
  const [first, second] = info.active.map(({mountPoint}) => mountPoint) as [string, string];
  t.deepEqual(info.system, [
    {
      ...{type: 'overlay', source: 'overlay', target: ''},
      options: [`lowerdir=${second}:${first}`, `upperdir=${upper}/fs`, `workdir=${upper}/work`, `x=${a}`],
    },
  ]);
  t.deepEqual(
    info.active.map(({mount}) => mount),
    [bind(a), bind(b)],
  );
  t.true(Math.abs(Number(info.active[0]?.mountedAt?.seconds) - Date.now() / 1000) < 60);
  t.is(readFileSync(join(first, 'one'), 'utf8'), 'one');
  t.throws(() => writeFileSync(join(first, 'new'), ''), {code: 'EROFS'});
  const made = statSync(`${upper}/fs`);
  t.deepEqual([made.mode & 0o7777, made.uid, made.gid], [0o751, 12, 34]);
  t.is(statSync(`${upper}/work`).mode & 0o7777, 0o700);
  t.deepEqual((await client.call(MountsDefinition, 'info', {name: 'x'})).info, info);
  t.is(await failure(t, activate(client, {name: 'x', mounts: [bind(a)], temporary: true})), status.ALREADY_EXISTS);
  t.is(
    await failure(t, client.call(MountsDefinition, 'info', {name: 'x'}, {'containerd-namespace': 'b'})),
    status.NOT_FOUND,
  );
  await client.call(MountsDefinition, 'deactivate', {name: 'x'});
  t.false(isMountPoint(first));
  t.is(await failure(t, client.call(MountsDefinition, 'deactivate', {name: 'x'})), status.NOT_FOUND);
  t.deepEqual(await list(client), []);
});

test.serial('a temporary activation is all mounted, one thing on another', async t => {
  const {client} = await startTestDaemon(t);
  const {a, b} = sources(t);
  mkdirSync(join(a, 'below'));
  const mounts = [bind(a), {...bind(b), target: '/below'}];
  const info = await activate(client, {name: 'x', temporary: true, mounts});
  const [{source, type} = {source: '', type: ''}] = info.system;
  t.is(type, 'bind');
  t.deepEqual(readdirSync(source).sort(), ['below', 'one']);
  t.is(readFileSync(join(source, 'below/two'), 'utf8'), 'two');
  t.throws(() => writeFileSync(join(source, 'below/new'), ''), {code: 'EROFS'});
  await client.call(MountsDefinition, 'deactivate', {name: 'x'});
  t.deepEqual(readdirSync(a).sort(), ['below', 'one']);
});

test.serial('a file becomes a file system, a device and a mount', async t => {
  const {client, root} = await startTestDaemon(t);
  const uuid = '550e8400-e29b-41d4-a716-446655440000';
  const disk = join(root, 'disk');
  const mkfs = [`X-containerd.mkfs.size=16MiB`, 'X-containerd.mkfs.fs=ext4', `X-containerd.mkfs.uuid=${uuid}`];
  const mounts = [
    {type: 'mkfs/loop', source: disk, options: mkfs},
    {type: 'format/ext4', source: '{{ mount 0 }}', options: []},
    {
      ...{type: 'format/mkdir/overlay', source: 'overlay'},
      options: [
        ...['X-containerd.mkdir.path={{ mount 1 }}/upper:0755', 'X-containerd.mkdir.path={{ mount 1 }}/work:0755'],
        ...['lowerdir=/usr', 'upperdir={{ mount 1 }}/upper', 'workdir={{ mount 1 }}/work'],
      ],
    },
  ];
  const first = await activate(client, {name: 'x', mounts});
  const [device, point] = first.active.map(({mountPoint}) => mountPoint) as [string, string];
  t.deepEqual(first.active[0]?.mount, {type: 'loop', source: disk, target: '', options: []});
  t.is(statSync(disk).size, 16 << 20);
  t.is(
    readFileSync(disk)
      .subarray(1024 + 0x68, 1024 + 0x78)
      .toString('hex'),
    uuid.replaceAll('-', ''),
  );
  t.true(statSync(device).isBlockDevice());
  t.deepEqual(readdirSync(point).sort(), ['lost+found', 'upper', 'work']);
  t.is(first.system[0]?.options[1], `upperdir=${point}/upper`);
  writeFileSync(join(point, 'upper/kept'), '');
  await client.call(MountsDefinition, 'deactivate', {name: 'x'});
  t.false(existsSync(join(device, '..')));
  // What is there is not made anew; a device alone is made though nothing follows it.
  const again = await activate(client, {name: 'y', mounts: mounts.slice(0, 1)});
  t.deepEqual(again.system, []);
  await client.call(MountsDefinition, 'deactivate', {name: 'y'});
  const byOption = {type: 'mkfs/ext4', source: disk, options: [...mkfs, 'ro', 'loop']};
  const mounted = await activate(client, {name: 'z', temporary: true, mounts: [byOption]});
  t.deepEqual(readdirSync(mounted.system[0]?.source as string).sort(), ['lost+found', 'upper', 'work']);
  await client.call(MountsDefinition, 'deactivate', {name: 'z'});
});

test.serial('what cannot be had leaves nothing', async t => {
  const {client, root} = await startTestDaemon(t);
  const {a, directory} = sources(t);
  const refused = async (code: number, ...mounts: object[]) => {
    t.is(await failure(t, activate(client, {name: 'x', mounts})), code, JSON.stringify(mounts));
  };
  const format = (option: string) => ({type: 'format/overlay', source: 'overlay', options: [option]});
  await refused(status.UNIMPLEMENTED, bind(a));
  await refused(status.NOT_FOUND, {type: 'loop', source: join(directory, 'no-disk')});
  await refused(status.INVALID_ARGUMENT, {type: 'loop', source: join(a, 'one'), options: ['other']});
  const makesDisk = (path: string, ...options: string[]) => ({
    ...{type: 'mkfs/loop', source: path, options: options.map(option => `X-containerd.mkfs.${option}`)},
  });
  await refused(status.UNIMPLEMENTED, makesDisk('/disk', 'size=1m'));
  await refused(status.UNIMPLEMENTED, makesDisk(`${root}/../disk`, 'size=1m'));
  await refused(status.FAILED_PRECONDITION, makesDisk(join(root, 'io.containerd.content.v1.content'), 'size=1m'));
  for (const options of [[], ['size=0'], ['size=1x'], ['size=1m', 'fs=fat'], ['size=1m', 'uuid=1'], ['size=1m', 'z']]) {
    await refused(status.INVALID_ARGUMENT, makesDisk(join(root, 'disk'), ...options));
  }
  await refused(status.UNKNOWN, makesDisk(join(root, 'disk'), 'size=1k'));
  t.false(readdirSync(root).some(name => name.includes('disk')));
  await refused(status.UNIMPLEMENTED, {type: 'other/ext4', source: '/disk'});
  for (const text of ['{{ mount 1 }}', '{{ overlay 0 1 }}', '{{ mount }}', '{{ nothing 0 }}', '{{ mount -1 }}']) {
    await refused(status.INVALID_ARGUMENT, bind(a), format(`lowerdir=${text}`));
  }
  const makes = (path: string) => ({type: 'mkdir/bind', source: a, options: [`X-containerd.mkdir.path=${path}`]});
  await refused(status.UNIMPLEMENTED, makes(join(directory, 'elsewhere')));
  await refused(status.UNIMPLEMENTED, makes(`${root}/../out`));
  await refused(status.INVALID_ARGUMENT, makes('relative'));
  await refused(status.INVALID_ARGUMENT, makes(`${root}/x:999`));
  symlinkSync(directory, join(root, 'link'));
  t.not(await failure(t, activate(client, {name: 'x', mounts: [makes(`${root}/link/out`)]})), undefined);
  t.deepEqual(readdirSync(directory).sort(), ['a', 'b']);
  t.not(
    await failure(t, activate(client, {name: 'x', mounts: [bind(a), bind('/nosuch')], temporary: true})),
    undefined,
  );
  t.is(await failure(t, activate(client, {name: '', mounts: [bind(a)], temporary: true})), status.INVALID_ARGUMENT);
  t.deepEqual(await list(client), []);
  t.deepEqual(readdirSync(join(root, '../state/io.containerd.mount-manager.v1.sqlite')), []);
});

test.serial('labels change, and lists are filtered', async t => {
  const {client} = await startTestDaemon(t);
  const {a} = sources(t);
  // A change may have freed something, so it is followed by a collection: only a lease keeps these.
  await client.call(LeasesDefinition, 'create', {id: 'l'});
  for (const name of ['x', 'y']) {
    await activate(client, {name, temporary: true, mounts: [bind(a)], labels: {name}}, {'containerd-lease': 'l'});
  }
  t.deepEqual(await list(client), ['x', 'y']);
  t.deepEqual(await list(client, 'labels.name==y', 'name==nothing'), ['y']);
  const update = (labels: object, paths: string[]) =>
    client.call(MountsDefinition, 'update', {info: {name: 'x', labels}, updateMask: paths});
  t.deepEqual((await update({color: 'red'}, ['labels.color'])).info?.labels, {name: 'x', color: 'red'});
  t.deepEqual((await update({other: '1'}, [])).info?.labels, {other: '1'});
  t.is(await failure(t, update({}, ['system'])), status.INVALID_ARGUMENT);
  for (const name of ['x', 'y']) await client.call(MountsDefinition, 'deactivate', {name});
});

test.serial('a lease keeps a mount; without it a collection unmounts it', async t => {
  const {client} = await startTestDaemon(t);
  const {a} = sources(t);
  await client.call(LeasesDefinition, 'create', {id: 'l'});
  await client.call(LeasesDefinition, 'create', {id: 'other'});
  const info = await activate(client, {name: 'x', temporary: true, mounts: [bind(a)]}, {'containerd-lease': 'l'});
  const {resources} = await client.call(LeasesDefinition, 'listResources', {id: 'l'});
  t.deepEqual(resources, [{type: 'mounts', id: 'x'}]);
  await client.call(LeasesDefinition, 'delete', {id: 'other', sync: true});
  t.deepEqual(await list(client), ['x']);
  await client.call(LeasesDefinition, 'delete', {id: 'l', sync: true});
  t.deepEqual(await list(client), []);
  t.false(isMountPoint(info.active[0]?.mountPoint as string));
  const lost = activate(client, {name: 'x', temporary: true, mounts: [bind(a)]}, {'containerd-lease': 'gone'});
  t.is(await failure(t, lost), status.NOT_FOUND);
});

test.serial('mounts live through a restart; those that are gone meanwhile are forgotten', async t => {
  const {a} = sources(t);
  const directory = tempDir(t);
  const first = await startTestDaemon(t, directory);
  const labels = {'containerd.io/gc.root': 'now'};
  const infos = [];
  for (const name of ['kept', 'lost', 'half']) {
    infos.push(await activate(first.client, {name, temporary: true, mounts: [bind(a)], labels}));
  }
  await first.stop();
  const [kept, lost, half] = infos.map(info => info.active[0]?.mountPoint as string) as [string, string, string];
  unmountAll(lost);
  // As a kill in the middle of an activation leaves it.
  const database = new DatabaseSync(join(first.root, 'io.containerd.metadata.v1.sqlite/meta.db'));
  database.exec("UPDATE mounts SET is_complete = 0 WHERE name = 'half'");
  database.close();
  const orphan = join(directory, 'state/io.containerd.mount-manager.v1.sqlite/999');
  mkdirSync(join(orphan, '0'), {recursive: true});
  mountAll([bind(a)], join(orphan, '0'));
  const second = await startTestDaemon(t, directory);
  t.deepEqual(await list(second.client), ['kept']);
  t.true(isMountPoint(kept));
  t.false(isMountPoint(half));
  t.deepEqual(readdirSync(join(orphan, '..')), [kept.split('/').at(-2)]);
  await second.client.call(MountsDefinition, 'deactivate', {name: 'kept'});
  t.deepEqual(readdirSync(a), ['one']);
});

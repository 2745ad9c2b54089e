import {createHash} from 'node:crypto';
import {chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {LeasesDefinition} from '@longshore/api/gen/containerd/services/leases/v1/leases';
import {callContext} from '@longshore/base';
import {ingest, openClient, writeBlob} from '@longshore/containerd-client';
import test, {type ExecutionContext} from 'ava';
import {check} from '../../commands/check.ts';
import {parseCommandLine} from '../../config/flags.ts';
import {startTestDaemon} from '../../test-support/daemon.ts';
import {tempDir} from '../../test-support/store.ts';
import type {Problem} from './problem.ts';

const ctx = callContext({namespace: 'n', lease: 'l'});
const digestOf = (data: string) => `sha256:${createHash('sha256').update(data).digest('hex')}`;

interface Root {
  root: string;
  blob(data: string): string;
  snapshots: string;
  ingests: string;
  /** Changes the database behind the daemon's back. */
  sql(...statements: string[]): void;
  problems(): Promise<Problem[]>;
}

/** What a daemon leaves that had a bit of everything. */
async function usedRoot(t: ExecutionContext): Promise<Root> {
  const directory = tempDir(t);
  const daemon = await startTestDaemon(t, directory);
  const client = openClient(daemon);
  await client.leases.create(ctx, {id: 'l'});
  const {digest} = await writeBlob(ctx, client, Buffer.from('one'));
  await writeBlob(ctx, client, Buffer.from('two'));
  const half = ingest(ctx, client, 'half', async function* () {
    yield Buffer.from('ha');
    throw new Error('cut');
  });
  await half.catch(() => {});
  await client.images.create(ctx, {image: {name: 'i', target: {mediaType: 'm', digest, size: 3n}}});
  const snapshotter = 'native';
  await client.snapshots.prepare(ctx, {snapshotter, key: 'k'});
  await client.snapshots.commit(ctx, {snapshotter, key: 'k', name: 'base'});
  await client.snapshots.prepare(ctx, {snapshotter, key: 'child', parent: 'base'});
  const container = {id: 'c', runtime: {name: 'x.y'}, snapshotter, snapshotKey: 'child', spec: {typeUrl: 's'}};
  await client.containers.create(ctx, {container});
  client[Symbol.dispose]();
  await daemon.stop();
  const {root} = daemon;
  const content = join(root, 'io.containerd.content.v1.content');
  return {
    root,
    blob: data => join(content, 'blobs/sha256', digestOf(data).slice(7)),
    snapshots: join(root, 'io.containerd.snapshotter.v1.native/snapshots'),
    ingests: join(content, 'ingest'),
    sql(...statements) {
      const database = new DatabaseSync(join(root, 'io.containerd.metadata.v1.sqlite/meta.db'));
      database.exec(`PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; ${statements.join(';')}`);
      database.close();
    },
    problems: () => problemsOf(root),
  };
}

async function problemsOf(root: string): Promise<Problem[]> {
  const lines: string[] = [];
  const line = parseCommandLine(['--config', '/dev/null', '--root', root, 'check']);
  const count = await check([], line, text => lines.push(text));
  const problems = lines.map(text => JSON.parse(text) as Problem);
  return count === problems.length ? problems : [];
}

test('a root that a daemon left, and one that was never used, are whole', async t => {
  const {root, problems} = await usedRoot(t);
  t.deepEqual(await problems(), []);
  t.deepEqual(await problemsOf(join(root, 'never')), []);
  t.false(existsSync(join(root, 'never')));
});

test('a daemon that runs keeps the check away', async t => {
  const daemon = await startTestDaemon(t);
  await t.throwsAsync(problemsOf(daemon.root), {message: /another containerd uses the root directory/});
});

type Damage = (root: Root) => void;
const rewrite = (path: string, text: string) => {
  chmodSync(path, 0o644);
  writeFileSync(path, text);
};

const damages: {readonly [kind: string]: {severity: Problem['severity']; object: RegExp; make: Damage}} = {
  'blob-missing': {severity: 'damage', object: /^sha256:/, make: ({blob}) => rmSync(blob('one'))},
  'blob-size': {severity: 'damage', object: /^sha256:/, make: ({blob}) => rewrite(blob('one'), 'longer')},
  'blob-digest': {severity: 'damage', object: /^sha256:/, make: ({blob}) => rewrite(blob('one'), 'eno')},
  'blob-orphan': {severity: 'garbage', object: /^sha256:/, make: ({blob}) => writeFileSync(blob('three'), 'three')},
  'blob-foreign': {
    severity: 'garbage',
    object: /README$/,
    make: ({blob}) => writeFileSync(join(blob('one'), '../README'), ''),
  },
  'ingest-orphan': {severity: 'garbage', object: /stray$/, make: ({ingests}) => mkdirSync(join(ingests, 'stray'))},
  'ingest-ref': {
    severity: 'damage',
    object: /^half$/,
    make: ({ingests}) => writeFileSync(join(ingests, readdirSync(ingests)[0] ?? '', 'ref'), 'other'),
  },
  'snapshot-missing': {
    severity: 'damage',
    object: /^native\/base$/,
    make: ({snapshots}) => rmSync(join(snapshots, '1'), {recursive: true}),
  },
  'snapshot-orphan': {severity: 'garbage', object: /\/77$/, make: ({snapshots}) => mkdirSync(join(snapshots, '77'))},
  'snapshot-parent': {
    severity: 'damage',
    object: /^native\/child$/,
    make: ({sql}) => sql("UPDATE snapshots SET kind = 'active' WHERE name = 'base'"),
  },
  'snapshot-kind': {
    severity: 'damage',
    object: /^native\/child$/,
    make: ({sql}) => sql("UPDATE snapshots SET kind = 'odd' WHERE name = 'child'"),
  },
  'lease-resource': {
    severity: 'damage',
    object: /^l: content sha256:/,
    make: ({sql}) => sql(`INSERT INTO lease_resources VALUES ('n', 'l', 'content', 'sha256:00')`),
  },
  'image-target': {
    severity: 'damage',
    object: /^i$/,
    make: ({sql}) => sql(`UPDATE images SET digest = '${digestOf('never')}'`),
  },
  'container-snapshot': {
    severity: 'damage',
    object: /^c$/,
    make: ({sql}) => sql("UPDATE containers SET snapshot_key = 'gone'"),
  },
  record: {severity: 'damage', object: /^images\/i$/, make: ({sql}) => sql("UPDATE images SET labels = '{'")},
  namespace: {severity: 'damage', object: /^images\/i$/, make: ({sql}) => sql('DELETE FROM namespaces')},
  'database-reference': {
    severity: 'damage',
    object: /^lease_resources$/,
    make: ({sql}) => sql('DELETE FROM leases'),
  },
  database: {
    severity: 'damage',
    object: /meta\.db$/,
    make({root}) {
      const path = join(root, 'io.containerd.metadata.v1.sqlite/meta.db');
      truncateSync(path, statSync(path).size - 5000);
    },
  },
};

for (const [kind, {severity, object, make}] of Object.entries(damages)) {
  test(`found: ${kind}`, async t => {
    const root = await usedRoot(t);
    make(root);
    const found = (await root.problems()).filter(problem => problem.kind === kind);
    t.true(found.length > 0);
    for (const problem of found) {
      t.is(problem.severity, severity);
      if (kind !== 'namespace') t.regex(problem.object, object);
      t.true(problem.detail.length > 5);
    }
    if (severity === 'damage') return;
    // Garbage is what the next start removes.
    const daemon = await startTestDaemon(t, join(root.root, '..'));
    await daemon.client.call(LeasesDefinition, 'create', {id: 'x'});
    await daemon.client.call(LeasesDefinition, 'delete', {id: 'x', sync: true});
    await daemon.stop();
    if (kind !== 'blob-foreign') t.false((await root.problems()).some(problem => problem.kind === kind));
  });
}

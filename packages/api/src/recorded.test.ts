/**
 * The types of engine/ and oci/ against JSON that Docker 28.5.2 really wrote: each recording becomes a typed constant
 * and the compiler looks for keys that are missing, unknown or of another type.
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import test from 'ava';
import {packageFile, reference} from './descriptors.testing.ts';

const recordings = join(reference, 'real-outputs');

/** Type → files below real-outputs. `Engine.` is engine/, `Oci.` is oci/. */
const typed: Record<string, string[]> = {
  'Engine.ContainerInspect': [
    ...['created1', 'exited1', 'full1', 'host1c', 'n1', 'none1', 'paused1', 'pmc1', 'priv1', 'share1', 'tty1'],
    ...['api1_exited7', 'from_built_image', 'web1_size', 'web1_two_networks', 'web1_with_exec'],
  ]
    .map(name => `api/container_inspect_${name}.json`)
    .concat('containerd-store/container_inspect.json', 'cgroup-v2/container_inspect.json'),
  'Engine.ContainerSummary[]': ['containers_json_all', 'containers_json_size_limit1', 'containers_empty'].map(api),
  'Engine.ContainerCreateResponse': ['container_create', 'container_create_warning'].map(api),
  'Engine.ContainerUpdateResponse': ['container_update'].map(api),
  'Engine.ContainerWaitResponse': ['container_wait_next-exit', 'container_wait_not-running'].map(api),
  'Engine.ContainerTopResponse': ['container_top', 'container_top_aux'].map(api),
  'Engine.ContainersPruneResponse': ['containers_prune'].map(api),
  'Engine.ContainerStats': ['container_stats_exited', 'container_stats_nostream', 'container_stats_oneshot']
    .map(api)
    .concat('cgroup-v2/container_stats_nostream.json'),
  'Engine.FilesystemChange[] | null': ['container_changes', 'container_changes_none'].map(api),
  'Engine.IdResponse': ['commit', 'exec_create'].map(api),
  'Engine.ExecInspect': ['exec_inspect_before', 'exec_inspect_running', 'exec_inspect_after'].map(api),
  'Engine.ErrorResponse': ['auth_fail', 'distribution_fail', 'network_create_dup_409', 'nodes_inactive'].map(api),
  'Engine.ImageInspect': ['busybox', 'busybox_v1.43', 'built_buildkit', 'built_legacy', 'committed']
    .map(name => `api/image_inspect_${name}.json`)
    .concat('containerd-store/image_inspect.json', 'containerd-store/image_inspect_manifests.json'),
  'Engine.ImageSummary[]': ['images_json', 'images_json_manifests', 'images_json_shared-size']
    .map(api)
    .concat('containerd-store/images_json.json', 'containerd-store/images_json_manifests.json'),
  'Engine.ImageHistoryItem[]': ['built_buildkit', 'built_legacy', 'busybox', 'committed'].map(
    name => `api/image_history_${name}.json`,
  ),
  'Engine.ImageDeleteItem[]': ['image_delete', 'image_delete2'].map(api),
  'Engine.ImagesPruneResponse': ['images_prune'].map(api),
  'Engine.BuildPruneResponse': ['build_prune'].map(api),
  'Engine.Network': ['bridge', 'bridge_used', 'host', 'int1', 'net1', 'net1_verbose', 'net2_ipv6', 'none'].map(
    name => `api/network_inspect_${name}.json`,
  ),
  'Engine.Network[]': ['networks', 'networks_default'].map(api),
  'Engine.NetworkCreateResponse': ['network_create'].map(api),
  'Engine.NetworksPruneResponse': ['networks_prune'].map(api),
  'Engine.Volume': ['volume_create', 'volume_create_anonymous', 'volume_inspect_data1', 'volume_inspect_vol2'].map(api),
  'Engine.VolumeListResponse': ['volumes', 'volumes_empty'].map(api),
  'Engine.VolumesPruneResponse': ['volumes_prune'].map(api),
  'Engine.SystemInfo': ['info', 'info_empty'].map(api).concat('containerd-store/info.json', 'cgroup-v2/info.json'),
  'Engine.SystemVersion': ['version'].map(api),
  'Engine.DiskUsage': ['system_df', 'system_df_buildcache', 'system_df_empty', 'system_df_type_container'].map(api),
  'Engine.Plugin[]': ['plugins'].map(api),
  'Oci.Spec': ['bridge-published', 'host-network', 'many-options', 'network-container', 'privileged', 'tty']
    .map(name => `config-${name}.json`)
    .concat('cgroup-v2/config-default.json'),
};

/** JSON lines: each line is one value. */
const lines: Record<string, string[]> = {
  'Engine.EventMessage': ['events/lifecycle.jsonl', 'events/network-volume-image.jsonl'],
};

/** Recorded requests of the docker CLI, by the path they are sent to. */
const requests: [type: string, path: RegExp][] = [
  ['Engine.ContainerCreateRequest', /^POST \S+\/containers\/create\b/],
  ['Engine.ContainerUpdateRequest', /^POST \S+\/containers\/\w+\/update /],
  ['Engine.ExecCreateRequest', /^POST \S+\/containers\/\w+\/exec /],
  ['Engine.ExecStartRequest', /^POST \S+\/exec\/\w+\/start /],
  ['Engine.NetworkCreateRequest', /^POST \S+\/networks\/create /],
  ['Engine.NetworkConnectRequest', /^POST \S+\/networks\/\w+\/connect /],
  ['Engine.NetworkDisconnectRequest', /^POST \S+\/networks\/\w+\/disconnect /],
  ['Engine.VolumeCreateRequest', /^POST \S+\/volumes\/create /],
];

function api(name: string): string {
  return `api/${name}.json`;
}

/** Statements like `const v: Engine.Volume = {...};`, one for each recorded value. */
function constants(): string[] {
  const files = Object.entries(typed).flatMap(([type, paths]) => paths.map(path => constant(type, path, read(path))));
  const events = Object.entries(lines).flatMap(([type, paths]) =>
    paths.flatMap(path => jsonLines(read(path)).map(line => constant(type, path, line))),
  );
  return [...files, ...events, ...sentByTheCli()];
}

function sentByTheCli(): string[] {
  const files = ['container-ops', 'exec', 'network-volume-system', 'run'].map(name => `cli-requests/${name}.txt`);
  return files.flatMap(path => {
    const found: string[] = [];
    let type: string | undefined;
    for (const line of read(path).split('\n')) {
      if (/^(GET|POST|HEAD|PUT|DELETE) /.test(line)) type = requests.find(([, pattern]) => pattern.test(line))?.[0];
      if (type === undefined || !line.startsWith('{')) continue;
      found.push(constant(type, path, line));
      type = undefined; // what follows is the answer
    }
    return found;
  });
}

function read(path: string): string {
  return readFileSync(join(recordings, path), 'utf8');
}

function jsonLines(text: string): string[] {
  return text.split('\n').filter(line => line.startsWith('{'));
}

let counter = 0;
function constant(type: string, path: string, json: string): string {
  return `const v${counter++}: ${type} = ${json.trim()}; // ${basename(path)}\n`;
}

/** The compiler's complaints about `source`, empty when there are none. */
function compile(source: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'longshore-api-'));
  try {
    const path = (name: string) => JSON.stringify(join(import.meta.dirname, name));
    const imports = `import type * as Engine from ${path('engine/index.ts')};\nimport type * as Oci from ${path('oci/index.ts')};\n`;
    writeFileSync(join(directory, 'recorded.ts'), imports + source);
    writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
    const options = {
      extends: packageTsconfig(),
      compilerOptions: {types: [], noUnusedLocals: false},
      files: ['recorded.ts'],
    };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(options));
    const tsc = packageFile('typescript', 'bin/tsc');
    return spawnSync(process.execPath, [tsc, '-p', directory, '--pretty', 'false'], {encoding: 'utf8'}).stdout;
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}

function packageTsconfig(): string {
  return join(import.meta.dirname, '../../../tsconfig.base.json');
}

test('recorded answers, requests and specs have the declared types', t => {
  if (!existsSync(recordings)) {
    t.log(`skipped: ${recordings} is not there`);
    t.pass();
    return;
  }
  const statements = constants();
  t.true(statements.length > 150, `${statements.length} recordings`);
  t.is(compile(statements.join('')), '');
});

test('the compiler would complain', t => {
  t.regex(compile('const a: Engine.IdResponse = {"Id": "x", "Extra": 1};'), /Extra/);
  t.regex(compile('const a: Engine.IdResponse = {"Id": null};'), /null/);
});

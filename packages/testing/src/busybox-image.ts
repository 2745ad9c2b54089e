/** A small image made on the spot from the static busybox of this machine, so that tests need no registry. */
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {buffer} from 'node:stream/consumers';
import {pack} from 'tar-stream';
import type {EngineApi} from './engine-api.ts';

const busyboxPath = '/bin/busybox';
const epoch = new Date(0);

type TarEntry = {name: string; data?: string | Buffer; link?: string; directory?: boolean; mode?: number};

/**
 * A `docker load` archive in the OCI layout with manifest.json, which engines old and new accept. The image has every
 * applet of busybox as a hard link (300 symbolic links would cost a third of a second to unpack on some disks), has
 * the users root, daemon, nobody and user (1000), and runs `sh`.
 */
export async function busyboxArchive(tag = 'busybox:latest'): Promise<Buffer> {
  const layer = await tar(rootFiles());
  const config = Buffer.from(JSON.stringify(imageConfig(layer, tag)));
  const layerDescriptor = describe('application/vnd.oci.image.layer.v1.tar', layer);
  const configDescriptor = describe('application/vnd.oci.image.config.v1+json', config);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(
    JSON.stringify({schemaVersion: 2, mediaType, config: configDescriptor, layers: [layerDescriptor]}),
  );
  const [, version = 'latest'] = tag.split(':');
  const annotations = {
    'io.containerd.image.name': `docker.io/library/${tag}`,
    'org.opencontainers.image.ref.name': version,
  };
  const index = {schemaVersion: 2, manifests: [{...describe(mediaType, manifest), annotations}]};
  const compatibility = [{Config: blobPath(config), RepoTags: [tag], Layers: [blobPath(layer)]}];
  return tar([
    ...[layer, config, manifest].map(data => ({name: blobPath(data), data})),
    {name: 'index.json', data: JSON.stringify(index)},
    {name: 'manifest.json', data: JSON.stringify(compatibility)},
    {name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}'},
  ]);
}

/** Loads that archive through the Engine API. Throws when the engine refuses it. */
export async function loadBusyboxImage(api: EngineApi, tag = 'busybox:latest'): Promise<void> {
  const headers = {'Content-Type': 'application/x-tar'};
  const answer = await api.send('/images/load?quiet=1', {method: 'POST', body: await busyboxArchive(tag), headers});
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  if (answer.status !== 200 || text.includes('"error')) throw new Error(`cannot load the busybox image: ${text}`);
}

function rootFiles(): TarEntry[] {
  if (!existsSync(busyboxPath)) throw new Error(`${busyboxPath} is missing: apt-get install busybox-static`);
  const applets = execFileSync(busyboxPath, ['--list']).toString().trim().split('\n');
  return [
    ...['bin', 'dev', 'etc', 'home', 'home/user', 'proc', 'root', 'sys', 'usr', 'usr/bin', 'var'].map(directory),
    {name: 'tmp', directory: true, mode: 0o1777},
    {name: 'bin/busybox', data: readFileSync(busyboxPath), mode: 0o755},
    ...applets.filter(name => name !== 'busybox').map(name => ({name: `bin/${name}`, link: 'bin/busybox'})),
    {
      name: 'etc/passwd',
      data: 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\nuser:x:1000:1000:user:/home/user:/bin/sh\n',
    },
    {name: 'etc/group', data: 'root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\nuser:x:1000:\nextra:x:2000:user\n'},
  ];
}

function directory(name: string): TarEntry {
  return {name, directory: true};
}

/** The tag is in it, so that images of different names are different images. */
function imageConfig(layer: Buffer, tag: string): object {
  return {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: epoch.toISOString(),
    config: {Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh']},
    rootfs: {type: 'layers', diff_ids: [digest(layer)]},
    history: [{created: epoch.toISOString(), created_by: `busybox-static of this machine as ${tag}`}],
  };
}

async function tar(entries: TarEntry[]): Promise<Buffer> {
  const stream = pack();
  for (const {name, data, link, directory, mode} of entries) {
    const common = {name, mtime: epoch, uid: 0, gid: 0};
    if (directory) stream.entry({...common, type: 'directory', mode: mode ?? 0o755});
    else if (link) stream.entry({...common, type: 'link', linkname: link, mode: 0o755});
    else stream.entry({...common, mode: mode ?? 0o644}, data ?? '');
  }
  stream.finalize();
  return buffer(stream);
}

function digest(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

function blobPath(data: Buffer): string {
  return `blobs/${digest(data).replace(':', '/')}`;
}

function describe(mediaType: string, data: Buffer): {mediaType: string; digest: string; size: number} {
  return {mediaType, digest: digest(data), size: data.length};
}

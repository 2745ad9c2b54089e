/** OCI layouts of the images that containerd's client suite pulls, made from the static busybox of this machine. */
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {cpSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {gzipSync} from 'node:zlib';

/** Directory of a layout → the name that it is pulled by. */
export const images: Readonly<Record<string, string>> = {
  busybox: 'ghcr.io/containerd/busybox:1.32',
  'volume-copy-up': 'ghcr.io/containerd/volume-copy-up:2.1',
  alpine: 'ghcr.io/containerd/alpine:3.14.0',
  pause: 'k8s.gcr.io/pause:3.6',
  'pause-amd64': 'registry.k8s.io/pause-amd64:3.2',
  'e2e-busybox': 'registry.k8s.io/e2e-test-images/busybox:1.29-2',
};

/** Users and groups of the suite's tests. */
const passwd = [
  'root:x:0:0:root:/root',
  'daemon:x:1:1::/',
  'sys:x:3:3::/dev',
  'www-data:x:33:33::/var',
  'nobody:x:65534:65534::/home',
];
const group = [
  'root:x:0:',
  'daemon:x:1:',
  'sys:x:3:',
  'wheel:x:10:root',
  'www-data:x:33:',
  'users:x:100:',
  'nobody:x:65534:',
];

/** As the first process of a container busybox's own nc ignores SIGTERM, which the suite ends it with. */
const nc = '#!/bin/sh\ntrap "exit 143" TERM\n/bin/busybox nc "$@" &\nwait $!\n';

const platforms = [
  {os: 'linux', architecture: 'amd64'},
  {os: 'linux', architecture: 'arm64', variant: 'v8'},
  {os: 'linux', architecture: 's390x'},
  {os: 'linux', architecture: 'ppc64le'},
];

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: object;
}

/** Makes them below `directory`. Only the first platform has anything that runs. */
export function makeImages(directory: string): void {
  const busybox = tar(busyboxRoot);
  const volume = tar(root => write(root, 'test_dir/test_file', 'test_content\n'));
  const release = tar(root => write(root, 'etc/alpine-release', '3.14.0\n'));
  const layers: Record<string, Buffer[]> = {
    ...{busybox: [busybox], 'volume-copy-up': [busybox, volume], alpine: [busybox, release]},
  };
  for (const name of Object.keys(images)) makeImage(join(directory, name), name, layers[name]);
}

function makeImage(directory: string, name: string, layers: Buffer[] | undefined): void {
  mkdirSync(join(directory, 'blobs/sha256'), {recursive: true});
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const manifests = platforms.map((platform, index) => {
    const other = () => [tar(root => write(root, 'pause', `${name} of ${platform.architecture}`))];
    return makeManifest(directory, (index === 0 ? layers : undefined) ?? other(), platform);
  });
  const index = putJson(directory, 'application/vnd.oci.image.index.v1+json', {schemaVersion: 2, manifests});
  const annotations = {'org.opencontainers.image.ref.name': 'latest'};
  const top = {schemaVersion: 2, manifests: [{...index, annotations}]};
  writeFileSync(join(directory, 'index.json'), JSON.stringify(top));
}

function makeManifest(directory: string, layers: Buffer[], platform: object): Descriptor {
  const config = putJson(directory, 'application/vnd.oci.image.config.v1+json', {
    ...platform,
    config: {Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh']},
    rootfs: {type: 'layers', diff_ids: layers.map(digestOf)},
  });
  const packed = layers.map(layer => put(directory, 'application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer)));
  const manifest = {schemaVersion: 2, config, layers: packed};
  return {...putJson(directory, 'application/vnd.oci.image.manifest.v1+json', manifest), platform};
}

function putJson(directory: string, mediaType: string, document: object): Descriptor {
  return put(directory, mediaType, Buffer.from(JSON.stringify({mediaType, ...document})));
}

function put(directory: string, mediaType: string, data: Buffer): Descriptor {
  const digest = digestOf(data);
  writeFileSync(join(directory, 'blobs', digest.replace(':', '/')), data);
  return {mediaType, digest, size: data.length};
}

function digestOf(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

function busyboxRoot(root: string): void {
  for (const name of ['dev', 'home', 'proc', 'root', 'run', 'sys', 'tmp', 'var']) mkdirSync(join(root, name));
  mkdirSync(join(root, 'bin'));
  cpSync('/bin/busybox', join(root, 'bin/busybox'));
  const applets = execFileSync('/bin/busybox', ['--list'], {encoding: 'utf8'}).trim().split('\n');
  for (const name of applets.filter(applet => !['busybox', 'nc'].includes(applet))) {
    linkSync(join(root, 'bin/busybox'), join(root, 'bin', name));
  }
  write(root, 'bin/nc', nc, 0o755);
  write(root, 'etc/passwd', passwd.map(line => `${line}:/bin/sh\n`).join(''));
  write(root, 'etc/group', group.map(line => `${line}\n`).join(''));
}

function write(root: string, name: string, data: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, name)), {recursive: true});
  writeFileSync(join(root, name), data, {mode});
}

function tar(fill: (root: string) => void): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'layer-'));
  try {
    fill(root);
    const options = ['--sort=name', '--mtime=@0', '--numeric-owner', '--mode=u+rwX,go+rX'];
    return execFileSync('tar', [...options, '-C', root, '-cf', '-', '.'], {maxBuffer: 64 << 20});
  } finally {
    rmSync(root, {recursive: true});
  }
}

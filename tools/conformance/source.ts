/** The original's source with its tests, as Debian has it, and the test binaries made from it. Nothing of it is kept here. */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {env} from 'node:process';
import type {Suite} from './suites.ts';

export const cache = env.LONGSHORE_CONFORMANCE_CACHE ?? join(homedir(), '.cache/longshore/conformance');
const goPath = join(cache, 'gopath');
const projects = {engine: 'docker', cli: 'cli', libnetwork: 'libnetwork', swarmkit: 'swarmkit'};

/** Where Go finds a directory of the engine; tests look for their fixtures from there. */
export function packageDirectory(directory: string): string {
  return join(goPath, 'src/github.com/docker/docker', directory);
}

/** Where the source of another Debian package is unpacked, fetched when it is not there yet. */
export function provideOtherSource(name: string): string {
  const source = join(cache, `source-${name}`);
  if (!existsSync(source)) fetchSource(name, source);
  return source;
}

function fetchSource(name: string, source: string): void {
  const download = join(cache, `download-${name}`);
  mkdirSync(download, {recursive: true});
  execFileSync('apt-get', ['source', '--download-only', name], {cwd: download, stdio: 'inherit'});
  const description = readdirSync(download).find(file => file.endsWith('.dsc'));
  if (description === undefined) throw new Error(`apt-get source left no .dsc file in ${download}`);
  execFileSync('dpkg-source', ['--no-check', '-x', description, 'unpacked'], {cwd: download, stdio: 'inherit'});
  renameSync(join(download, 'unpacked'), source);
}

/** Fetches and unpacks the source (deb-src lines of apt are needed once) and lays out a GOPATH. */
export function provideSource(): void {
  requirePrograms();
  const source = join(cache, 'source');
  if (!existsSync(source)) fetchSource('docker.io', source);
  const docker = join(goPath, 'src/github.com/docker');
  mkdirSync(docker, {recursive: true});
  for (const [directory, name] of Object.entries(projects)) {
    if (!existsSync(join(docker, name))) symlinkSync(join(source, directory), join(docker, name));
  }
  provideVersionsOfWindows();
}

function requirePrograms(): void {
  const needed = {go: 'golang-go', gcc: 'gcc', 'docker-registry': 'docker-registry', 'dpkg-source': 'dpkg-dev'};
  const path = `${env.PATH}:/usr/sbin:/sbin`.split(':');
  for (const [program, packageName] of Object.entries(needed)) {
    if (path.some(directory => existsSync(join(directory, program)))) continue;
    throw new Error(
      `${program} is missing: apt-get install ${packageName} golang-gopkg-check.v1-dev && apt-get build-dep docker.io`,
    );
  }
}

/** The tests compare with these names on Windows only, and Debian has no such package. */
function provideVersionsOfWindows(): void {
  const directory = join(goPath, 'src/github.com/Microsoft/hcsshim/osversion');
  mkdirSync(directory, {recursive: true});
  writeFileSync(join(directory, 'osversion.go'), 'package osversion\n\nconst (\n\tRS1 = iota + 1\n\tRS3\n\tRS5\n)\n');
}

/** The test binary of a suite, compiled if it is not there. One compiler at a time: it takes minutes. */
export function buildSuite({directory}: Suite): string {
  const binary = join(cache, 'bin', `${directory.replaceAll('/', '-')}.test`);
  if (existsSync(binary)) return binary;
  console.log(`compiling ${directory}`);
  execFileSync('nice', ['go', 'test', '-c', '-p', '1', '-o', binary, `./${directory}`], {
    cwd: packageDirectory('.'),
    stdio: 'inherit',
    env: {
      ...env,
      // The directory is behind a link, and Go wants to hear its name in the GOPATH.
      PWD: packageDirectory('.'),
      GO111MODULE: 'off',
      GOPROXY: 'off',
      GOPATH: `${goPath}:/usr/share/gocode`,
      GOCACHE: join(cache, 'go-build'),
    },
  });
  return binary;
}

/** The images that the tests name, as `docker save` would write them. */
export function provideImages(): string {
  const images = join(cache, 'images');
  if (!existsSync(join(images, 'manifest.json'))) {
    execFileSync(join(import.meta.dirname, 'frozen-images.sh'), [images, packageDirectory('contrib')], {
      stdio: 'inherit',
    });
  }
  return images;
}

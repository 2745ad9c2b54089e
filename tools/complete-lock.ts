/**
 * Adds to package-lock.json the optional packages of other platforms that a registry did not have when the lock was
 * written: `node tools/complete-lock.ts`, after every `npm install`. Without their entries `npm ci` refuses the lock
 * ("Missing: X from lock file"), with them it passes over what does not fit the machine.
 */
import {readFileSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';

type Entry = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

const file = resolve(import.meta.dirname, '../package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as {packages: Record<string, Entry>};
const systems = [
  'android',
  'darwin',
  'freebsd',
  'openbsd',
  'netbsd',
  'aix',
  'sunos',
  'win32',
  'linux',
  'linuxmusl',
  'openharmony',
];
const processors = [
  'arm64',
  'aarch64',
  'x64',
  'arm',
  'armv7',
  'arm-gnueabihf',
  'arm-musleabihf',
  'ia32',
  'riscv64',
  'loong64',
  'ppc64',
  's390x',
  'wasm32',
];

let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] || !/^\d/.test(version)) continue;
    const platform = platformOf(name);
    if (!platform) {
      console.warn(`${name}: its name does not tell the platform, left out`);
      continue;
    }
    lock.packages[path] = {version, ...platform, ...(entry.dev ? {dev: true} : {}), optional: true};
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} optional packages of other platforms added`);

/** What npm compares with the machine; told by the name, which is all that is known of an absent package. */
function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> | undefined {
  const words = name.split(/[/-]/);
  const os = systems.find(system => words.includes(system));
  const cpu = processors.find(processor => name.includes(`-${processor}`));
  if (!os && cpu !== 'wasm32') return undefined;
  const libc = /musl/.test(name) ? ['musl'] : os === 'linux' && /gnu/.test(name) ? ['glibc'] : undefined;
  const short = cpu?.startsWith('arm') && cpu !== 'arm64' ? 'arm' : cpu === 'aarch64' ? 'arm64' : cpu;
  return {
    ...(short ? {cpu: [short]} : {}),
    ...(os ? {os: [os === 'linuxmusl' ? 'linux' : os]} : {}),
    ...(libc ? {libc} : {}),
  };
}

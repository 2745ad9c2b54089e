import {readFile, stat} from 'node:fs/promises';
import {availableParallelism, machine, release, totalmem} from 'node:os';
import {readFileIfExists} from '@longshore/base';
import type {HostFacts} from '../../core/system/host-facts.ts';
import {supportsAppArmor} from '../apparmor/apparmor.ts';
import {loadCgroupFacts} from './cgroup-facts.ts';

const architectures: Record<string, string> = {x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm', i686: '386'};

/** Reads /proc, /sys and os-release. */
export async function loadHostFacts(): Promise<HostFacts> {
  const os = parseOsRelease(
    (await readFileIfExists('/etc/os-release')) ?? (await readFileIfExists('/usr/lib/os-release')) ?? '',
  );
  const status = await readFile('/proc/self/status', 'utf8');
  return {
    kernelVersion: release(),
    operatingSystem: os.PRETTY_NAME ?? 'Linux',
    osVersion: os.VERSION_ID ?? '',
    machine: machine(),
    architecture: architectures[machine()] ?? machine(),
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    cgroup: await loadCgroupFacts(),
    systemd: await isDirectory('/run/systemd/system'),
    seccomp: /^Seccomp:/m.test(status),
    apparmor: await supportsAppArmor(),
    selinux: (await readFileIfExists('/sys/fs/selinux/enforce')) !== undefined,
  };
}

/** Shell assignments of os-release(5); quotes are removed. */
export function parseOsRelease(text: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim());
    if (match?.[1]) result[match[1]] = match[2] ?? match[3] ?? match[4] ?? '';
  }
  return result;
}

/** sd_booted(3): the directory is there when systemd runs this system. */
async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    info => info.isDirectory(),
    () => false,
  );
}

/** Platforms: parsing `os/arch/variant`, the names that Go uses, and which image fits which machine. */
import {arch as nodeArch} from 'node:process';
import type {Platform} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';

/** A platform in normal form; an empty variant is left out. */
export interface NormalPlatform {
  os: string;
  architecture: string;
  variant?: string;
  osVersion?: string;
}

const osAliases: Readonly<Record<string, string>> = {macos: 'darwin'};
const architectures: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  i386: ['386'],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};
const knownOs = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(
    ' ',
  ),
);
const knownArchitectures = new Set(
  (
    '386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 loongarch64 mips mipsle mips64 mips64le ' +
    'mips64p32 mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm'
  ).split(' '),
);

/** The machine's own platform. */
export function defaultPlatform(): NormalPlatform {
  const names: Record<string, string> = {x64: 'amd64', ia32: '386', arm: 'arm'};
  const architecture = names[nodeArch] ?? nodeArch;
  return architecture === 'arm' ? {os: 'linux', architecture, variant: 'v7'} : {os: 'linux', architecture};
}

/** `linux/arm64/v8`, `linux`, `arm64` or `linux(10.0)/amd64`. Throws `invalid-argument`. */
export function parsePlatform(text: string): NormalPlatform {
  if (text.includes('*')) throw badPlatform(text, 'wildcards not yet supported');
  const parts = text.split('/');
  if (parts.length > 3) throw badPlatform(text, 'cannot parse platform specifier');
  const [first = '', second, third] = parts;
  const osMatch = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.-]*)\))?$/.exec(first);
  if (!osMatch) throw badPlatform(text, 'os component must match "os(version)"');
  for (const part of parts.slice(1)) {
    if (!/^[A-Za-z0-9_.-]+$/.test(part)) throw badPlatform(text, `"${part}" is an invalid component`);
  }
  if (second === undefined) return parseSingle(text, osMatch[1] ?? '');
  const version = osMatch[2];
  return normalizePlatform({
    os: osMatch[1] ?? '',
    architecture: second,
    ...(third === undefined ? {} : {variant: third}),
    ...(version ? {'os.version': version} : {}),
  });
}

function parseSingle(text: string, name: string): NormalPlatform {
  const os = osAliases[name.toLowerCase()] ?? name.toLowerCase();
  if (knownOs.has(os)) return {...defaultPlatform(), os};
  const platform = normalizePlatform({os: 'linux', architecture: name});
  if (knownArchitectures.has(platform.architecture)) return platform;
  throw badPlatform(text, 'unknown operating system or architecture');
}

function badPlatform(text: string, reason: string): EngineError {
  return new EngineError('invalid-argument', `"${text}": ${reason}: invalid argument`);
}

/** Go's names in lower case; the variants that mean nothing (arm64 v8, amd64 v1) are dropped, arm gets v7. */
export function normalizePlatform(platform: Platform): NormalPlatform {
  const os = platform.os.toLowerCase();
  const given = platform.architecture.toLowerCase();
  const [architecture, implied] = architectures[given] ?? [given];
  const variant = normalVariant(architecture, (platform.variant ?? '').toLowerCase() || implied || '');
  const version = platform['os.version'];
  return {
    os: osAliases[os] ?? os,
    architecture,
    ...(variant ? {variant} : {}),
    ...(version ? {osVersion: version} : {}),
  };
}

function normalVariant(architecture: string, variant: string): string {
  const numbered = /^\d+$/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm64') return numbered === 'v8' || numbered === 'v8.0' ? '' : numbered;
  if (architecture === 'amd64') return numbered === 'v1' ? '' : numbered;
  if (architecture === 'arm') return numbered || 'v7';
  return variant;
}

export function formatPlatform(platform: NormalPlatform): string {
  const os = platform.osVersion ? `${platform.os}(${platform.osVersion})` : platform.os;
  return [os, platform.architecture, platform.variant].filter(Boolean).join('/');
}

/**
 * What a machine of this platform can run, the best first: amd64 v3 also runs v2 and v1, arm v7 also v6 and v5, arm64
 * also 32-bit arm only when asked for (a plain `linux/arm64` does not take it).
 */
export function runnablePlatforms(platform: NormalPlatform): NormalPlatform[] {
  const {os, architecture} = platform;
  const level = Number(/^v(\d+)$/.exec(platform.variant ?? '')?.[1] ?? 1);
  if (architecture === 'amd64') {
    return descending(level, 1).map(n => (n === 1 ? {os, architecture} : {os, architecture, variant: `v${n}`}));
  }
  if (architecture === 'arm') return descending(level, 5).map(n => ({os, architecture, variant: `v${n}`}));
  return [platform];
}

function descending(from: number, to: number): number[] {
  const numbers: number[] = [];
  for (let n = from; n >= to; n--) numbers.push(n);
  return numbers;
}

/** How well `candidate` fits `wanted`: 0 is best, undefined is not at all. */
export function platformRank(candidate: Platform, wanted: NormalPlatform): number | undefined {
  const normal = normalizePlatform(candidate);
  const rank = runnablePlatforms(wanted).findIndex(p => samePlatform(p, normal));
  return rank < 0 ? undefined : rank;
}

export function samePlatform(a: NormalPlatform, b: NormalPlatform): boolean {
  return a.os === b.os && a.architecture === b.architecture && (a.variant ?? '') === (b.variant ?? '');
}

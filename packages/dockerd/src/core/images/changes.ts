/** `--change`: Dockerfile instructions that alter the configuration of an image which is imported or committed. */
import type {HealthConfig, ImageConfig} from '@longshore/api/oci';
import {expandWord} from './expand-word.ts';
import {parseJsonList, parsePairs, splitWords, syntax} from './instruction-words.ts';

type Instruction = (config: ImageConfig, argument: string) => ImageConfig;

const shell = ['/bin/sh', '-c'];

const instructions: Readonly<Record<string, Instruction>> = {
  CMD: (config, argument) => ({...config, Cmd: command(argument)}),
  ENTRYPOINT: (config, argument) => ({...config, Entrypoint: command(argument)}),
  ENV: (config, argument) => ({
    ...config,
    Env: withVariables(config.Env ?? [], parsePairs('ENV', argument, config.Env ?? [])),
  }),
  EXPOSE: (config, argument) => ({
    ...config,
    ExposedPorts: {...config.ExposedPorts, ...exposed(argument, config.Env ?? [])},
  }),
  HEALTHCHECK: (config, argument) => ({...config, Healthcheck: healthcheck(argument)}),
  LABEL: (config, argument) => ({
    ...config,
    Labels: {...config.Labels, ...Object.fromEntries(parsePairs('LABEL', argument, config.Env ?? []))},
  }),
  ONBUILD: (config, argument) => ({...config, OnBuild: [...(config.OnBuild ?? []), one('ONBUILD', argument)]}),
  STOPSIGNAL: (config, argument) => ({
    ...config,
    StopSignal: expandWord(one('STOPSIGNAL', argument), config.Env ?? []),
  }),
  USER: (config, argument) => ({...config, User: expandWord(one('USER', argument), config.Env ?? [])}),
  VOLUME: (config, argument) => ({...config, Volumes: {...config.Volumes, ...volumes(argument, config.Env ?? [])}}),
  WORKDIR: (config, argument) => ({...config, WorkingDir: workingDirectory(config, argument)}),
};

/** Applies them in order. Throws `invalid-argument` (`BOGUS is not a valid change command`). */
export function applyChanges(config: ImageConfig, changes: readonly string[]): ImageConfig {
  return changes
    .flatMap(change => change.split('\n'))
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .reduce((current, line) => {
      const [, name = '', argument = ''] = /^(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
      const instruction = instructions[name.toUpperCase()];
      if (!instruction) throw syntax(`${name.toUpperCase()} is not a valid change command`);
      return instruction(current, argument);
    }, config);
}

function command(argument: string): string[] {
  return parseJsonList(argument) ?? (argument === '' ? [] : [...shell, argument]);
}

/** One that was there keeps its place. */
function withVariables(before: readonly string[], pairs: readonly [string, string][]): string[] {
  const variables = new Map(before.map(each => [each.split('=')[0] ?? '', each]));
  for (const [name, value] of pairs) variables.set(name, `${name}=${value}`);
  return [...variables.values()];
}

/** `80`, `80/udp`, `8000-8002/tcp`. */
function exposed(argument: string, environment: readonly string[]): Record<string, object> {
  const ports: Record<string, object> = {};
  const words = splitWords(argument);
  if (words.length === 0) throw syntax('EXPOSE requires at least one argument');
  for (const word of words) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(expandWord(word, environment));
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || first < 1 || last > 65_535 || last < first) throw syntax(`invalid containerPort: ${word}`);
    for (let port = first; port <= last; port++) ports[`${port}/${(match[3] ?? 'tcp').toLowerCase()}`] = {};
  }
  return ports;
}

function volumes(argument: string, environment: readonly string[]): Record<string, object> {
  const paths = parseJsonList(argument) ?? splitWords(argument).map(word => expandWord(word, environment));
  if (paths.length === 0 || paths.some(path => path.trim() === '')) {
    throw syntax('VOLUME specified can not be an empty string');
  }
  return Object.fromEntries(paths.map(path => [path, {}]));
}

function workingDirectory({WorkingDir: before = '', Env: environment}: ImageConfig, argument: string): string {
  const path = one('WORKDIR', expandWord(argument, environment ?? []));
  const joined = path.startsWith('/') ? path : `${before}/${path}`;
  return joined.replace(/\/+/g, '/');
}

function healthcheck(argument: string): HealthConfig {
  if (argument.trim().toUpperCase() === 'NONE') return {Test: ['NONE']};
  const [, options = '', line = ''] = /^((?:--\S+\s+)*)CMD\s+([\s\S]+)$/i.exec(argument) ?? [];
  if (line === '') throw syntax('HEALTHCHECK requires CMD or NONE');
  const list = parseJsonList(line);
  const result: HealthConfig = {Test: list ? ['CMD', ...list] : ['CMD-SHELL', line]};
  for (const [, name = '', value = ''] of options.matchAll(/--([a-z-]+)=(\S+)/g)) {
    if (name === 'retries') result.Retries = retries(value);
    else if (name === 'interval') result.Interval = nanoseconds(value);
    else if (name === 'timeout') result.Timeout = nanoseconds(value);
    else if (name === 'start-period') result.StartPeriod = nanoseconds(value);
    else if (name === 'start-interval') result.StartInterval = nanoseconds(value);
    else throw syntax(`unknown flag: ${name}`);
  }
  return result;
}

function retries(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw syntax(`--retries must be a number (not ${text})`);
  return Number(text);
}

/** `1m30s` */
function nanoseconds(text: string): number {
  const units: Readonly<Record<string, number>> = {ms: 1e6, s: 1e9, m: 60e9, h: 3600e9};
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) throw syntax(`time: invalid duration ${JSON.stringify(text)}`);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit as string] as number), 0);
}

function one(instruction: string, argument: string): string {
  if (argument.trim() === '') throw syntax(`${instruction} requires exactly one argument`);
  return argument.trim();
}

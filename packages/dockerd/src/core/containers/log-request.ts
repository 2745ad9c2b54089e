/** Which log a container writes: driver, options, file, and the attributes that each record carries. */
import {join} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import type {LogLocation, LogRequest, LogSubject} from '../ports/container-io.ts';
import type {Container} from './container.ts';
import {expandLogTag} from './log-tag.ts';
import type {World} from './world.ts';

/** For readers. */
export function logLocationOf({store}: World, container: Container): LogLocation {
  const {host, files} = container.record;
  const {Type: driver, Config: options} = host.LogConfig;
  const name = driver === 'local' ? 'local-logs/container.log' : 'container-cached.log';
  const path = files.log || join(store.directory(container.id), name);
  return {containerId: container.id, driver, options: {...options}, path};
}

/** For writers. Throws for a tag that is no template, and for a regular expression that is none. */
export function logRequestOf(world: World, container: Container): LogRequest {
  const location = logLocationOf(world, container);
  const {driver, options} = location;
  const template = options.tag ?? (driver === 'json-file' ? '' : '{{.ID}}');
  const subject = subjectOf(container);
  const tag = driver === 'none' ? '' : expandLogTag(template, container, location);
  const selected = selectAttributes(container, options);
  const attributes = driver === 'json-file' && tag !== '' ? [...selected, ['tag', tag] as const] : selected;
  return {
    ...location,
    tag,
    subject,
    attributes: attributes.length === 0 ? undefined : Object.fromEntries(attributes),
  };
}

function subjectOf({id, name, record}: Container): LogSubject {
  return {
    id,
    name,
    imageId: record.image,
    imageName: record.config.Image,
    command: [record.path, ...record.args].join(' '),
    created: record.created,
  };
}

type Pair = readonly [name: string, value: string];

/** Labels and variables that the options name. */
function selectAttributes({record: {config}}: Container, options: LogLocation['options']): Pair[] {
  const labels = Object.entries(config.Labels ?? {});
  const variables = (config.Env ?? []).map(each => splitVariable(each));
  return [
    ...select(labels, options.labels, options['labels-regex']),
    ...select(variables, options.env, options['env-regex']),
  ];
}

function select(pairs: Pair[], names: string | undefined, pattern: string | undefined): Pair[] {
  const wanted = new Set((names ?? '').split(',').filter(Boolean));
  const regex = pattern === undefined ? undefined : compile(pattern);
  return pairs.filter(([name]) => wanted.has(name) || regex?.test(name));
}

function splitVariable(text: string): Pair {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new EngineError('invalid-argument', `error parsing regexp: ${(error as Error).message}`, {cause: error});
  }
}

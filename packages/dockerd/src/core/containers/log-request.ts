/** Which log a container writes: driver, options, file, and the attributes that each record carries. */
import {shortId} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {LogRequest} from '../ports/container-io.ts';
import type {Container} from './container.ts';

export function logRequestOf(container: Container): LogRequest {
  const {host, files} = container.record;
  const options = {...host.LogConfig.Config};
  return {driver: host.LogConfig.Type, options, path: files.log, attributes: attributesOf(container, options)};
}

/** Labels and variables that the options name, and the tag. Throws for a regular expression that is none. */
function attributesOf(container: Container, options: Record<string, string>): Record<string, string> | undefined {
  const {config} = container.record;
  const labels = Object.entries(config.Labels ?? {});
  const variables = (config.Env ?? []).map(each => splitVariable(each));
  const selected = [
    ...select(labels, options.labels, options['labels-regex']),
    ...select(variables, options.env, options['env-regex']),
    ...(options.tag === undefined ? [] : [['tag', expandTag(options.tag, container)] as const]),
  ];
  return selected.length === 0 ? undefined : Object.fromEntries(selected);
}

function select(pairs: (readonly [string, string])[], names: string | undefined, pattern: string | undefined) {
  const wanted = new Set((names ?? '').split(',').filter(Boolean));
  const regex = pattern === undefined ? undefined : compile(pattern);
  return pairs.filter(([name]) => wanted.has(name) || regex?.test(name));
}

/** The fields of Docker's tag template that concern a container. */
function expandTag(template: string, container: Container): string {
  const {id, name, record} = container;
  const fields: Record<string, string> = {
    ID: shortId(id),
    FullID: id,
    Name: name,
    ImageID: record.image.replace(/^sha256:/, '').slice(0, 12),
    ImageFullID: record.image,
    ImageName: record.config.Image,
    DaemonName: 'docker',
  };
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, field: string) => {
    const value = fields[field];
    if (value === undefined) throw new EngineError('invalid-argument', `unknown field in the log tag: ${whole}`);
    return value;
  });
}

function splitVariable(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new EngineError('invalid-argument', (error as Error).message, {cause: error});
  }
}

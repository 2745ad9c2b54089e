/** A line of `docker events`. */
import type {EventMessage} from '@longshore/api/engine';
import {compileTemplate, goJson} from '@longshore/term';
import {CliError} from '../command/errors.ts';
import {rfc3339Nano} from './nano-time.ts';

/** Names in templates of the fields whose JSON names differ. */
const spellings: Record<string, string> = {
  ID: 'id',
  From: 'from',
  Status: 'status',
  Scope: 'scope',
  Time: 'time',
  TimeNano: 'timeNano',
};
/** Left out of events that are not about a container or an image. */
const optional = new Set(['id', 'from', 'status']);

/** Makes the text of an event, newline included. Throws CliError for a template that cannot be read. */
export function eventFormatter(format: string): (event: EventMessage) => string {
  if (format === '') return plainEvent;
  if (format === 'json') return event => `${goJson(event, {escapeHtml: true})}\n`;
  const template = compile(format);
  return event => `${template.execute(event, {missing})}\n`;
}

function compile(format: string) {
  try {
    return compileTemplate(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
  } catch (error) {
    throw new CliError(`Error parsing format: ${(error as Error).message}`, 64);
  }
}

function missing(map: Record<string, unknown>, name: string): unknown {
  const spelling = Object.hasOwn(spellings, name) ? spellings[name]! : name;
  if (Object.hasOwn(map, spelling)) return map[spelling];
  if (optional.has(spelling)) return '';
  // What is neither an event nor its actor are attributes, any of which may be absent.
  if ('Actor' in map || 'Attributes' in map) throw new Error(`can't evaluate field ${name} in type events.Message`);
  return undefined;
}

/** `TIME TYPE ACTION ID (key=value, …)` */
function plainEvent(event: EventMessage): string {
  const {Type: type, Action: action, Actor: actor} = event;
  const attributes = actor.Attributes ?? {};
  const pairs = Object.keys(attributes)
    .sort()
    .map(key => `${key}=${attributes[key]}`);
  const suffix = pairs.length > 0 ? ` (${pairs.join(', ')})` : '';
  return `${eventTime(event)} ${type} ${action} ${actor.ID}${suffix}\n`;
}

function eventTime({time, timeNano}: EventMessage): string {
  return rfc3339Nano(timeNano ? BigInt(timeNano) : BigInt(time) * 1_000_000_000n);
}

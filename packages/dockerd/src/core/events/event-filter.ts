import type {Filters} from '../filters/filters.ts';
import type {EngineEvent} from './event-bus.ts';

/** The keys that `docker events --filter` knows. */
export const eventFilterKeys = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
];

/** True when the event passes: one of the values of every key that was given must match. */
export function matchesEvent(filters: Filters, event: EngineEvent): boolean {
  const {attributes} = event.actor;
  return (
    matchesAction(filters, event.action) &&
    filters.matchExact('type', event.type) &&
    filters.matchExact('scope', 'local') &&
    filters.matchLabels('label', attributes) &&
    ['container', 'network', 'volume', 'daemon', 'plugin', 'node', 'service', 'secret', 'config'].every(
      key => !filters.has(key) || (event.type === key && matchesActor(filters, key, event)),
    ) &&
    matchesImage(filters, event)
  );
}

/** `exec_create` also matches `exec_create: sh`, and `health_status` matches `health_status: healthy`. */
function matchesAction(filters: Filters, action: string): boolean {
  return (
    !filters.has('event') || filters.get('event').some(wanted => action === wanted || action.startsWith(`${wanted}:`))
  );
}

function matchesActor(filters: Filters, key: string, {actor}: EngineEvent): boolean {
  const name = actor.attributes.name ?? '';
  return filters.get(key).some(wanted => actor.id.startsWith(wanted) || name === wanted || `/${name}` === wanted);
}

/** An image filter also lets the events of containers of that image through; tags may be left out. */
function matchesImage(filters: Filters, {type, actor}: EngineEvent): boolean {
  if (!filters.has('image')) return true;
  const name = type === 'image' ? (actor.attributes.name ?? actor.id) : actor.attributes.image;
  if (name === undefined) return false;
  const withoutTag = name.replace(/:[^:/]*$/, '');
  return filters.get('image').some(wanted => [name, withoutTag, actor.id].includes(wanted));
}

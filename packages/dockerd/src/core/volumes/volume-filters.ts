/** Which volumes a list or prune request means. */
import type {Filters} from '../filters/filters.ts';
import {isAnonymous, type Volume} from './volume.ts';

/** Throws `invalid-argument` for an unknown filter. */
export function listMatcher(filters: Filters, isUsed: (volume: Volume) => boolean): (volume: Volume) => boolean {
  filters.allow('dangling', 'driver', 'label', 'name');
  const dangling = filters.has('dangling') ? filters.bool('dangling', false) : undefined;
  return volume =>
    (dangling === undefined || dangling !== isUsed(volume)) &&
    filters.matchExact('driver', volume.driver) &&
    filters.matchPattern('name', volume.name) &&
    filters.matchLabels('label', volume.labels);
}

/** Only anonymous volumes unless `all` says otherwise; before API 1.42 (`namedToo`) named ones as well. */
export function pruneMatcher(filters: Filters, namedToo: boolean): (volume: Volume) => boolean {
  filters.allow('label', 'label!', 'all');
  const all = namedToo || filters.bool('all', false);
  return volume =>
    (all || isAnonymous(volume)) &&
    filters.matchLabels('label', volume.labels) &&
    filters.hasNoLabels('label!', volume.labels);
}

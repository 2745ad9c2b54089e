/** Which images a list request means. */
import type {CallContext} from '@longshore/base';
import {familiarName, familiarReference} from '@longshore/oci';
import type {Filters} from '../filters/filters.ts';
import type {CatalogImage} from './catalog.ts';
import type {ImageParts, ImageRecord} from './image-store.ts';
import {isDangling, referenceOf} from './names.ts';

export interface ListFilter {
  /** The names to show; undefined when the image is not meant. */
  names(image: CatalogImage): ImageRecord[] | undefined;
  /** What only the configuration can tell. */
  matches(parts: ImageParts | undefined): boolean;
}

/** `createdOf` finds the time (RFC 3339) at which an image that a filter names was made; `until` holds nanoseconds. */
export async function listFilter(
  ctx: CallContext,
  filters: Filters,
  createdOf: (ctx: CallContext, reference: string) => Promise<string>,
  untilOf: (text: string) => string,
): Promise<ListFilter> {
  filters.allow('before', 'dangling', 'label', 'label!', 'reference', 'since', 'until');
  const before = await Promise.all(filters.get('before').map(reference => createdOf(ctx, reference)));
  const since = await Promise.all(filters.get('since').map(reference => createdOf(ctx, reference)));
  const until = filters.get('until').map(untilOf);
  const dangling = filters.has('dangling') ? filters.bool('dangling', false) : undefined;
  const patterns = filters.get('reference').map(globPattern);
  return {
    names({records}) {
      const isNameless = records.every(({name}) => isDangling(name));
      if (dangling !== undefined && dangling !== isNameless) return undefined;
      if (patterns.length === 0) return records;
      const matching = records.filter(record => matchesAny(record, patterns));
      return matching.length > 0 ? matching : undefined;
    },
    matches(parts) {
      const created = Date.parse(parts?.config.created ?? '');
      const labels = parts?.config.config?.Labels ?? null;
      return (
        before.every(time => created < Date.parse(time)) &&
        since.every(time => created > Date.parse(time)) &&
        until.every(time => created < Date.parse(time)) &&
        filters.matchLabels('label', labels) &&
        filters.hasNoLabels('label!', labels)
      );
    },
  };
}

function matchesAny(record: ImageRecord, patterns: readonly RegExp[]): boolean {
  const reference = referenceOf(record);
  if (!reference) return false;
  return patterns.some(pattern => pattern.test(familiarReference(reference)) || pattern.test(familiarName(reference)));
}

/** Go's path.Match: `*` and `?` stop at slashes. */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(/\\?[\s\S]/g, part => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part === '[' || part === ']' || part === '-' || part === '^') return part;
    return part.at(-1)?.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') ?? '';
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /(?!)/; // a malformed pattern fits nothing
  }
}

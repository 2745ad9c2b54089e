/** Filters of a prune, with those of the user's configuration (`pruneFilters`). */
import type {Cli} from '../cli.ts';
import type {Filters} from '../command/flags.ts';

/** A label given on the command line takes the place of a configured one that says the opposite. */
export function pruneFilters(cli: Cli, given: Filters): Filters {
  const result: Filters = {...given};
  for (const text of cli.config.pruneFilters ?? []) {
    const at = text.indexOf('=');
    if (at < 0) continue;
    const key = text.slice(0, at);
    const value = text.slice(at + 1);
    const opposite = key === 'label' ? 'label!' : key === 'label!' ? 'label' : undefined;
    if (opposite && given[opposite]?.[value]) continue;
    result[key] = {...result[key], [value]: true};
  }
  return result;
}

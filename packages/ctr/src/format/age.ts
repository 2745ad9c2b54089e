import {humanDuration} from '@longshore/term';

/** How long ago, as people say it; "-" when unknown. */
export function age(date: Date | undefined): string {
  return date ? humanDuration(Date.now() - date.getTime()) : '-';
}

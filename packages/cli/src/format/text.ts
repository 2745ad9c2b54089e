/** Small texts that several lists share: ids, ages, times, labels. */
import {humanDuration} from '@longshore/term';

/** The first twelve characters, without `sha256:`. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

/** `31 minutes ago` for a time in seconds since 1970. */
export function ago(seconds: number, now = Date.now()): string {
  return `${humanDuration(now - seconds * 1000)} ago`;
}

/** Cuts to `length` characters, the last of which becomes `…`. */
export function ellipsis(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  return length <= 1 ? characters.slice(0, length).join('') : `${characters.slice(0, length - 1).join('')}…`;
}

/** `a=b,c=d`, sorted. */
export function formatLabels(labels: Record<string, string> | null | undefined): string {
  return Object.keys(labels ?? {})
    .sort()
    .map(key => `${key}=${labels![key]}`)
    .join(',');
}

/** `2026-11-21 02:15:18 +0000 UTC`: Go's Time.String in local time; `fraction` are the nanoseconds to show. */
export function goTime(date: Date, fraction = ''): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return `${day} ${time}${fraction} ${zoneOffset(date)} ${zoneName(date)}`;
}

/** `2026-11-21 02:12:53.567962201 +0000 UTC` of an RFC 3339 text. It stays in its own zone when that is UTC. */
export function goTimeOf(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|([+-]\d\d):(\d\d))$/.exec(text);
  if (!match) return text;
  const [, day, time, fraction = '', zone, hours, minutes] = match;
  const digits = fraction.replace(/0+$/, '').replace(/^\.$/, '');
  const shown = zone === 'Z' ? '+0000 UTC' : `${hours}${minutes} ${hours}${minutes}`;
  return `${day} ${time}${digits} ${shown}`;
}

function zoneOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${pad(Math.trunc(Math.abs(minutes) / 60))}${pad(Math.abs(minutes) % 60)}`;
}

/** The zone's abbreviation where the language data knows one, else its offset as Go prints it. */
function zoneName(date: Date): string {
  if (date.getTimezoneOffset() === 0 && (process.env.TZ ?? 'UTC') === 'UTC') return 'UTC';
  for (const language of ['en-GB', 'en-US', 'en-AU']) {
    const parts = new Intl.DateTimeFormat(language, {timeZoneName: 'short'}).formatToParts(date);
    const name = parts.find(part => part.type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{2,5}$/.test(name)) return name;
  }
  return zoneOffset(date).replace(/00$/, '');
}

/** Published ports as `docker ps` shows them: ranges of neighbouring ports are drawn together. */
import type {Port} from '@longshore/api/engine';

type Range = {ip: string; host: number; first: number; last: number; type: string};

/** `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp` */
export function formatPorts(ports: readonly Port[]): string {
  const sorted = [...ports].sort(byPort);
  const ranges: Range[] = [];
  const plain: Range[] = [];
  for (const port of sorted) {
    const ip = port.IP ?? '';
    const host = port.PublicPort ?? 0;
    const range = {ip, host, first: port.PrivatePort, last: port.PrivatePort, type: port.Type};
    // Only ports published under their own number, or not published, can be drawn together.
    const isRangeable = host === 0 || host === port.PrivatePort;
    const previous = isRangeable ? (host === 0 ? plain : ranges).findLast(other => isNext(other, range)) : undefined;
    if (previous) previous.last = range.last;
    else (host === 0 ? plain : ranges).push(range);
  }
  return [...ranges, ...plain].sort(byRange).map(formatRange).join(', ');
}

function isNext(previous: Range, next: Range): boolean {
  const isOwnNumber = previous.host === 0 || previous.host === previous.first;
  return isOwnNumber && previous.ip === next.ip && previous.type === next.type && previous.last + 1 === next.first;
}

function formatRange({ip, host, first, last, type}: Range): string {
  const container = first === last ? `${first}` : `${first}-${last}`;
  if (host === 0) return `${container}/${type}`;
  const published = first === last ? `${host}` : `${first}-${last}`;
  const address = ip.includes(':') ? `[${ip}]` : ip;
  return `${ip === '' ? '' : `${address}:`}${published}->${container}/${type}`;
}

function byPort(a: Port, b: Port): number {
  return (
    a.PrivatePort - b.PrivatePort ||
    compareText(a.IP ?? '', b.IP ?? '') ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    compareText(a.Type, b.Type)
  );
}

function byRange(a: Range, b: Range): number {
  return a.first - b.first || compareText(a.ip, b.ip) || a.host - b.host || compareText(a.type, b.type);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

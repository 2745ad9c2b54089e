/** Ethernet addresses. */
import {randomBytes} from 'node:crypto';

/** A random address of one station, locally administered, as Docker draws them since 28. */
export function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = ((bytes[0] as number) & 0xfe) | 0x02;
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':');
}

/** Reads the forms that Go reads (`02:42:ac:11:00:02`, `02-42-…`, `0242.ac11.0002`); undefined for anything else. */
export function parseMac(text: string): string | undefined {
  const hex = /^(?:[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2})$/i.test(text)
    ? text.replaceAll(/[^0-9a-f]/gi, '').toLowerCase()
    : '';
  return hex === '' ? undefined : (hex.match(/../g) ?? []).join(':');
}

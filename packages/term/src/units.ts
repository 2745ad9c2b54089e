/** Sizes and ages as Docker and containerd print and read them. */
import {formatGeneral} from './go-number.ts';

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Powers of 1000: `1.984MB`. `docker images` uses three digits, `docker system df` four. */
export function humanSize(bytes: number, digits = 4): string {
  return scaled(bytes, 1000, decimalUnits, digits);
}

/** Powers of 1024: `23.54GiB`, as `docker stats` and `docker info` print memory. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, binaryUnits, 4);
}

function scaled(bytes: number, base: number, units: string[], digits: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= base && unit < units.length - 1; unit++) size /= base;
  return formatGeneral(size, digits) + units[unit];
}

/**
 * Reads `64m`, `1.5GiB`, `100kb`, `7`: powers of 1024 whatever the spelling of the unit, as `docker run --memory`.
 * Throws an Error with Docker's text for anything else. The result is in bytes, rounded down.
 */
export function parseBinarySize(text: string): number {
  const match = /^([0-9]*\.?[0-9]+|[0-9]+\.)\s*([kmgtp])?(i?b)?$/i.exec(text);
  if (!match) throw new Error(`invalid size: '${text}'`);
  const power = match[2] ? ' kmgtp'.indexOf(match[2].toLowerCase()) : 0;
  if (power === 0 && match[3]?.toLowerCase() === 'ib') throw new Error(`invalid size: '${text}'`);
  return Math.trunc(Number(match[1]) * 1024 ** power);
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** `About a minute`, `31 minutes`, `2 weeks`: an age in words, without "ago". */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < minute) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / minute);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / 1000 / hour + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(seconds / day / 365)} years`;
}

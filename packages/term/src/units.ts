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
  const [, amount = '', suffix = ''] = /^(.*[\d. ])?([^\d. ]*)$/s.exec(text) ?? [];
  if (amount === '') throw new Error(`invalid size: '${text}'`);
  const number = amount.endsWith(' ') ? amount.slice(0, -1) : amount;
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(number)) {
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(number)}: invalid syntax`);
  }
  if (Number(number) < 0) throw new Error(`invalid size: '${text}'`);
  const unit = /^(?:([kmgtp])(?:i?b)?|b)?$/i.exec(suffix);
  if (!unit) throw new Error(`invalid suffix: '${suffix}'`);
  return Math.trunc(Number(number) * 1024 ** ' kmgtp'.indexOf((unit[1] ?? ' ').toLowerCase()));
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

/** Values of `--log-opt`, read as Go reads them: the texts of its errors are Docker's messages. */
import {EngineError} from '@longshore/errdefs';

export type LogOptions = Readonly<Record<string, string>>;

const decimal: Record<string, number> = {'': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15};

/** Bytes out of `10k`, `1.5MB`: the sizes of log files count in powers of 1000. */
export function parseDecimalSize(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? [];
  if (amount === undefined) throw invalid(`invalid size: '${text}'`);
  return Math.floor(Number(amount) * (decimal[unit.toLowerCase()] as number));
}

/** Undefined for an option that was not given. */
export function parseBool(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw invalid(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export function parseInteger(text: string, parser: 'Atoi' | 'ParseUint' | 'ParseInt' = 'Atoi'): number {
  const pattern = parser === 'ParseUint' ? /^\d{1,15}$/ : /^[-+]?\d{1,15}$/;
  if (!pattern.test(text)) throw invalid(`strconv.${parser}: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

export function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}

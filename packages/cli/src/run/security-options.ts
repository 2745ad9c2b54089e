/** `--security-opt`: a seccomp profile is read here and sent whole; `systempaths=unconfined` never reaches the engine. */
import {readFileSync} from 'node:fs';

export interface SecurityOptions {
  options: string[] | null;
  /** Nothing of /proc and /sys is hidden or read-only. */
  unmasksPaths: boolean;
}

/** Throws an Error with Docker's text. */
export function parseSecurityOptions(given: readonly string[]): SecurityOptions {
  if (given.length === 0) return {options: null, unmasksPaths: false};
  const unmasked = 'systempaths=unconfined';
  const options = given.filter(option => option !== unmasked).map(resolveOption);
  return {options, unmasksPaths: given.includes(unmasked)};
}

function resolveOption(option: string): string {
  const separator = option.includes('=') ? '=' : ':';
  const at = option.indexOf(separator);
  if (at < 0) {
    if (option !== 'no-new-privileges') throw new Error(`Invalid --security-opt: ${JSON.stringify(option)}`);
    return option;
  }
  const key = option.slice(0, at);
  const value = option.slice(at + 1);
  if (key !== 'seccomp' || value === 'unconfined' || value === 'builtin') return option;
  return `seccomp=${readProfile(value)}`;
}

function readProfile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : message;
    throw new Error(`opening seccomp profile (${path}) failed: open ${path}: ${reason}`);
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new Error(`compacting json for seccomp profile (${path}) failed: ${(error as Error).message}`);
  }
}

/** `--sysctl net.ipv4.ip_forward=1`: only those that belong to a namespace of the container. */
import {flag} from '../command/flags.ts';

const allowed = new Set(
  ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(name => `kernel.${name}`),
);
const allowedPrefixes = ['net.', 'fs.mqueue.'];

export const sysctlFlag = flag.map('Sysctl options', {check: checkSysctl});

function checkSysctl(text: string): string {
  const [name = ''] = text.split('=');
  const isAllowed = allowed.has(name) || allowedPrefixes.some(prefix => name.startsWith(prefix));
  if (!text.includes('=') || !isAllowed) throw new Error(`sysctl '${text}' is not allowed`);
  return text;
}

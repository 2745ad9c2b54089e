/** The host's own resolv.conf and hosts, and those of containers. */
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {chown, writeFile} from 'node:fs/promises';
import {readFileIfExists} from '@longshore/base';
import {isResolvedStub, parseResolvConf} from '../../core/networks/files/resolv-conf.ts';
import type {HostFiles, SandboxFiles} from '../../core/networks/ports.ts';

import type {Owner} from '../../core/users/remapping.ts';

const resolvConf = '/etc/resolv.conf';
/** Where systemd-resolved names the servers that it asks itself. */
const resolvedConf = '/run/systemd/resolve/resolv.conf';

/** Read anew for each container: the host's may change. An absent file is an empty one. */
export const hostFiles: HostFiles = {
  resolvConf() {
    const text = readIfExists(resolvConf);
    const behindStub = isResolvedStub(parseResolvConf(text)) ? readIfExists(resolvedConf) : '';
    return behindStub === '' ? {text, path: resolvConf} : {text: behindStub, path: resolvedConf};
  },
  hosts: () => readIfExists('/etc/hosts'),
};

/** The files are `owner`'s, the root of remapped containers. */
export function sandboxFiles(owner: Owner | undefined): SandboxFiles {
  const write = async (path: string, text: string) => {
    await writeFile(path, text, {mode: 0o644});
    if (owner) await chown(path, owner.uid, owner.gid);
  };
  return {
    writeHosts: write,
    async writeResolvConf(path, hashPath, text) {
      const [current, hash] = await Promise.all([readFileIfExists(path), readFileIfExists(hashPath)]);
      if (current !== undefined && hash !== undefined && digestOf(current) !== hash.trim()) return;
      if (current === text && hash !== undefined) return;
      await write(path, text);
      await writeFile(hashPath, digestOf(text), {mode: 0o644});
    },
  };
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function readIfExists(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

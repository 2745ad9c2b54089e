/** `--userns-remap USER[:GROUP]` → ranges of /etc/subuid and /etc/subgid, with Docker's checks and words. */
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {type Logger, readFileIfExists} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {type IdRange, makeRemapping, type Remapping} from '../../core/users/remapping.ts';
import {findEntry, type NamedId} from './name-database.ts';

const run = promisify(execFile);
const toolTimeoutMs = 30_000;
/** `default` means this user, who is made when there is none. */
const defaultUser = 'dockremap';
/** Size of a range of subordinate ids that is made here, as useradd's own. */
const rangeSize = 65_536;
const firstRange = 100_000;

/** Undefined for `root`, who cannot be remapped to himself. Throws Docker's messages. */
export async function loadRemapping(given: string, log: Logger): Promise<Remapping | undefined> {
  const user = await findUser(given);
  if (user.name === 'root') {
    log.warn({}, 'User namespaces: root cannot be remapped with itself; user namespaces are OFF');
    return undefined;
  }
  log.info({}, `User namespaces: ID ranges will be mapped to subuid/subgid ranges of: ${user.name}`);
  const uids = await subordinateRanges('/etc/subuid', user);
  const gids = await subordinateRanges('/etc/subgid', user);
  for (const [kind, ranges] of Object.entries({subuid: uids, subgid: gids})) {
    if (ranges.length === 0) {
      throw new EngineError(
        'failed-precondition',
        `Can't create ID mappings: no ${kind} ranges found for user "${user.name}"`,
      );
    }
  }
  return makeRemapping(user.name, uids, gids);
}

async function findUser(given: string): Promise<NamedId> {
  const [wanted = '', group, ...rest] = given.split(':');
  if (rest.length > 0) refuse(`invalid user/group specification in --userns-remap: "${given}"`);
  const user = isNumber(wanted) ? await numberedUser(Number(wanted)) : await namedUser(wanted);
  if (group !== undefined) await checkGroup(group);
  else if (isNumber(wanted)) await numberedGroup(user.id, '/etc/group');
  else if (!(await findEntry('group', user.name))) {
    refuse(`error during gid lookup for "${user.name}": ${unknown(user.name, 'group')}`);
  }
  return user;
}

async function numberedUser(uid: number): Promise<NamedId> {
  const user = await findEntry('passwd', uid);
  return user ?? refuse(`uid ${uid} has no entry in /etc/passwd: ${unknown(uid, 'passwd')}`);
}

async function numberedGroup(gid: number, file: string): Promise<void> {
  if (await findEntry('group', gid)) return;
  refuse(`gid ${gid} has no entry in ${file}: ${unknown(gid, 'group')}`);
}

async function namedUser(wanted: string): Promise<NamedId> {
  const name = wanted === 'default' ? defaultUser : wanted;
  const user = await findEntry('passwd', name);
  if (user) return user;
  if (wanted !== 'default') refuse(`error during uid lookup for "${name}": ${unknown(name, 'passwd')}`);
  return await makeDefaultUser();
}

async function checkGroup(group: string): Promise<void> {
  if (isNumber(group)) return await numberedGroup(Number(group), '/etc/passwd');
  if (!(await findEntry('group', group))) {
    refuse(`error during groupname lookup for "${group}": ${unknown(group, 'group')}`);
  }
}

/** By the system's own tools, which know where users are kept. */
async function makeDefaultUser(): Promise<NamedId> {
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', defaultUser], {
      timeout: toolTimeoutMs,
    });
    const user = await findEntry('passwd', defaultUser);
    if (!user) throw new Error('there is no such user after useradd');
    for (const [file, option] of [
      ['/etc/subuid', '--add-subuids'],
      ['/etc/subgid', '--add-subgids'],
    ] as const) {
      if ((await subordinateRanges(file, user)).length > 0) continue;
      const first = await nextFree(file);
      await run('usermod', [option, `${first}-${first + rangeSize - 1}`, defaultUser], {timeout: toolTimeoutMs});
    }
    return user;
  } catch (error) {
    const {code, stderr, message} = error as {code?: unknown; stderr?: string; message: string};
    const reason = code === 'ENOENT' ? 'cannot add user; no useradd/adduser binary found' : stderr?.trim() || message;
    throw new EngineError('failed-precondition', `error during "${defaultUser}" user creation: ${reason}`, {
      cause: error,
    });
  }
}

/** Behind all ranges that are given to somebody. */
async function nextFree(file: string): Promise<number> {
  const ends = (await readRanges(file)).map(({first, size}) => first + size);
  return Math.max(firstRange, ...ends);
}

/** One behind the other, as ids of the container from 0 on. */
async function subordinateRanges(file: string, user: NamedId): Promise<IdRange[]> {
  const own = (await readRanges(file)).filter(({owner}) => owner === user.name || owner === String(user.id));
  if (own.some(({first, size}) => first < 0 || size === 0)) refuseFile(file);
  const sorted = own.toSorted((a, b) => a.first - b.first);
  let next = 0;
  return sorted.map(({first, size}) => {
    const range = {containerId: next, hostId: first, size};
    next += size;
    return range;
  });
}

/** `owner:first:size` lines; numbers are only looked at where they are used. */
async function readRanges(file: string): Promise<{owner: string; first: number; size: number}[]> {
  const text = (await readFileIfExists(file)) ?? '';
  const lines = text.split('\n').map(line => line.trim());
  return lines
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [owner = '', first = '', size = '', ...rest] = line.split(':');
      if (size === '' || rest.length > 0) refuseFile(file);
      return {owner, first: isNumber(first) ? Number(first) : -1, size: isNumber(size) ? Number(size) : 0};
    });
}

function refuseFile(file: string): never {
  refuse(`Can't create ID mappings: cannot parse subuid/gid information: Format not correct for ${file} file`);
}

function unknown(key: string | number, database: string): string {
  return `getent unable to find entry "${key}" in ${database} database`;
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}

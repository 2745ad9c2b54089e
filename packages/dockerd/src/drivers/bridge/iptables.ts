/** The packet filter through iptables-save and iptables-restore: one process per change, all rules of it at once. */
import {spawn} from 'node:child_process';
import {text} from 'node:stream/consumers';
import {type Logger, Mutex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {changeInput, syncInput} from '../../core/networks/firewall/restore-input.ts';
import type {Firewall, FirewallRule} from '../../core/networks/ports.ts';

/** How long to wait for another program that holds the xtables lock. */
const lockSeconds = 10;

export interface IptablesOptions {
  /** Set the policy of FORWARD to DROP with the next sync. */
  dropForward: boolean;
  /** Where to find the programs: the daemon's PATH. */
  path: string;
  log: Logger;
}

export class IptablesFirewall implements Firewall {
  readonly #options: IptablesOptions;
  readonly #lock = new Mutex();
  /** In the order in which they were added. */
  #wanted: FirewallRule[] = [];

  constructor(options: IptablesOptions) {
    this.#options = options;
  }

  async sync(rules: readonly FirewallRule[]): Promise<void> {
    using _lock = await this.#lock.acquire();
    await this.#sync(rules);
    this.#wanted = [...rules];
  }

  async change(add: readonly FirewallRule[], remove: readonly FirewallRule[]): Promise<void> {
    const input = changeInput(add, remove);
    if (input === '') return;
    using _lock = await this.#lock.acquire();
    const wanted = [...withoutEach(this.#wanted, remove), ...add];
    try {
      await this.#restore(input);
    } catch (error) {
      // Somebody flushed our rules, perhaps: make everything anew.
      this.#options.log.warn({error}, 'cannot change the packet filter, setting up all rules again');
      await this.#sync(wanted);
    }
    this.#wanted = wanted;
  }

  async #sync(rules: readonly FirewallRule[]): Promise<void> {
    const saved = await this.#run('iptables-save', [], '');
    await this.#restore(syncInput(saved, rules, {dropForward: this.#options.dropForward}));
  }

  async #restore(input: string): Promise<void> {
    await this.#run('iptables-restore', ['--wait', String(lockSeconds), '--noflush'], input);
  }

  async #run(program: string, args: string[], input: string): Promise<string> {
    const env = {PATH: `${this.#options.path}:/usr/sbin:/sbin`};
    const child = spawn(program, args, {env, stdio: 'pipe'});
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    child.stdin.on('error', () => {}); // it died before it read everything: its exit status tells
    child.stdin.end(input);
    try {
      const [output, errors, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
      if (status === 0) return output;
      throw new EngineError('internal', `${program} failed: ${errors.trim() || `exit status ${status}`}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new EngineError('failed-precondition', `${program} not found: install iptables, or use --iptables=false`, {
        cause: error,
      });
    }
  }
}

/** `rules` without one occurrence of each of `removed`. */
function withoutEach(rules: readonly FirewallRule[], removed: readonly FirewallRule[]): FirewallRule[] {
  const left = [...rules];
  for (const {table, chain, rule} of removed) {
    const at = left.findIndex(each => each.table === table && each.chain === chain && each.rule === rule);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

/**
 * What the networks part does to a kernel, run in a mount and network namespace of its own:
 * `unshare -m -n node main.testing.ts NAME DIRECTORY`. A scenario that fails ends the process with its error.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {openNetlink} from '@longshore/linux';
import {ipv6Scenarios} from './ipv6.testing.ts';
import {networksScenarios} from './networks.testing.ts';
import {portsScenarios} from './ports.testing.ts';
import {sandboxesScenarios} from './sandboxes.testing.ts';
import {execRoot, writeProxy} from './support.testing.ts';

const scenarios: Record<string, () => Promise<void>> = {
  ...sandboxesScenarios,
  ...networksScenarios,
  ...portsScenarios,
  ...ipv6Scenarios,
};

export const scenarioNames: string[] = Object.keys(scenarios);

const chosen = process.argv[2];
if (chosen !== undefined && import.meta.filename === process.argv[1]) {
  writeProxy();
  {
    using host = openNetlink();
    host.linkSetUp('lo');
  }
  try {
    await scenarios[chosen]?.();
  } finally {
    for (const name of existsSync(join(execRoot, 'netns')) ? readdirSync(join(execRoot, 'netns')) : []) {
      execFileSync('umount', ['-l', join(execRoot, 'netns', name)], {stdio: 'ignore'});
    }
  }
}

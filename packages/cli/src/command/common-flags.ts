/** Flags that many commands share. */
import {flag} from './flags.ts';

const refer =
  "\n'TEMPLATE':         Print output using the given Go template.\n" +
  'Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates';

/** `--format` of a list. */
export const listFormat = flag.string(
  "Format output using a custom template:\n'table':            Print output in table format with column headers (default)\n" +
    "'table TEMPLATE':   Print output in table format using the given Go template\n" +
    `'json':             Print in JSON format${refer}`,
);

const inspectUsage = `Format output using a custom template:\n'json':             Print in JSON format${refer}`;

/** `-f, --format` of an inspection. */
export const inspectFormat = flag.string(inspectUsage, {char: 'f'});

/** `--format` of a stream. */
export const streamFormat = flag.string(inspectUsage);

export const filters = flag.filter('Filter output based on conditions provided', {char: 'f'});

export const detachKeys = flag.string('Override the key sequence for detaching a container');

export const force = flag.bool('Do not prompt for confirmation', {char: 'f'});

import {bool, type Leaf, text, unsupported} from '../../command/command.ts';
import {containerFlags, createContainer} from '../../task/new-container.ts';

const leaf: Leaf = {
  usage: '[flags] Image|RootFS CONTAINER [COMMAND] [ARG...] | --config FILE CONTAINER',
  flags: [
    ...containerFlags,
    ...unsupported(
      'it is a matter of the task: give it to "ctr tasks start"',
      text('pid-file', "File path to write the task's pid"),
      bool('no-pivot', 'Disable use of pivot-root (linux only)'),
    ),
  ],
  run: createContainer,
};
export default leaf;

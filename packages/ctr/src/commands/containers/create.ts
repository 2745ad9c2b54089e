import type {Leaf} from '../../command/command.ts';
import {containerFlags, createContainer} from '../../task/new-container.ts';

const leaf: Leaf = {
  usage: '[flags] Image|RootFS CONTAINER [COMMAND] [ARG...]',
  flags: containerFlags,
  run: createContainer,
};
export default leaf;

import type {CommandTable} from './command/dispatch.ts';
export const commandTable: CommandTable = {groups: [], commands: [], refused: {}, common: []};

/** What the command lines of Docker and containerd have in common: tables, sizes, durations, signals, Go's texts. */

export type {ColumnOptions} from './column-text.ts';
export {alignColumns, dockerColumns} from './column-text.ts';
export {DetachDetector, defaultDetachKeys, parseDetachKeys, resolveDetachKeys} from './detach-keys.ts';
export {formatDuration, parseDuration, tryParseDuration} from './duration.ts';
export type {GoJsonOptions} from './go-json.ts';
export {compactJson, goJson, parseExactJson, reindentJson} from './go-json.ts';
export {formatFloat, formatGeneral} from './go-number.ts';
export {finishOutput, guardOutput, write} from './output.ts';
export {forwardableSignals, parseSignal} from './signals.ts';
export type {Template, TemplateFields} from './template/index.ts';
export {compileTemplate, hasTemplateFields, TemplateError} from './template/index.ts';
export {binarySize, humanDuration, humanSize, parseBinarySize} from './units.ts';

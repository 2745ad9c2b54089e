/** Docker's answers to bad and odd requests, recorded outside of this repository, one a line. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

export interface RecordedError {
  line: number;
  method: string;
  path: string;
  body: string;
  /** `container: {…}` of a start: what the container was made from; `exec: {…}` likewise. */
  note: string;
  status: number;
  /** As it was sent, control bytes escaped. */
  answer: string;
}

/** Reads the table below `reference`. What a line tells of the state afterwards is joined to the request before it. */
export function recordedErrors(reference: string): RecordedError[] {
  const lines = readFileSync(join(reference, 'real-outputs/errors.tsv'), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    if (text === '' || text.startsWith('#')) return [];
    const [method = '', path = '', body = '', note = '', status = '', , answer = ''] = text.split('\t');
    return [{line: index + 1, method, path, body, note, status: Number(status), answer}];
  });
}

/** Without what is another one in every engine: ids, addresses of memory, times, file descriptors. */
export function normalize(text: string): string {
  return text
    .replace(/\b[0-9a-f]{64}\b/g, 'ID')
    .replace(/\b[0-9a-f]{12}\b/g, 'ID')
    .replace(/fd\/\d+/g, 'fd/N')
    .replace(/"(StartedAt|FinishedAt)":"[^"]*"/g, '"$1":"TIME"')
    .replace(/"Pid":\d+/g, '"Pid":N')
    .replace(/\/tmp\/ls-\w+\/scratch/g, '/ref/src')
    .replace(/[\r\n]+$/, '');
}

/** What the table escapes: `\x0d` and the like. */
export function escapeControls(text: string): string {
  const escaped = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return text.replace(/[\u0000-\u001f]/g, character => (character === '\n' ? '\\n' : escaped(character)));
}

/** Go templates for `--format`. */
import {type ExecuteOptions, executeTemplate} from './execute.ts';
import {templateFunctions} from './functions.ts';
import {parseTemplate} from './parser.ts';

export {TemplateError} from './lexer.ts';
export type {TemplateFields} from './values.ts';
export {hasTemplateFields} from './values.ts';

export interface Template {
  execute(data: unknown, options?: ExecuteOptions): string;
}

const functionNames = new Set(Object.keys(templateFunctions));

/** Throws TemplateError when the text is no template. */
export function compileTemplate(source: string): Template {
  const ast = parseTemplate(source, functionNames);
  return {execute: (data, options) => executeTemplate(ast, data, options)};
}

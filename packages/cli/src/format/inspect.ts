/** What `inspect` prints of objects: indented JSON, one line of JSON, or a template per object. */
import {compactJson, compileTemplate, parseExactJson, reindentJson, type Template} from '@longshore/term';
import type {Cli} from '../cli.ts';
import {CliError} from '../command/errors.ts';
import {missingField, missingKey} from './inspect-fields.ts';

/**
 * Looks up each name and prints what is found, then throws a CliError with a line for everything that went wrong.
 * `load` resolves with the JSON as the engine sent it.
 */
export async function inspect(
  cli: Cli,
  names: readonly string[],
  format: string,
  load: (name: string) => Promise<string>,
): Promise<void> {
  const template = format === '' || format === 'json' ? undefined : compile(format);
  const found: string[] = [];
  const errors: string[] = [];
  for (const name of names) {
    try {
      const json = (await load(name)).trim();
      found.push(template ? render(template, json) : json);
    } catch (error) {
      errors.push((error as Error).message);
      if (error instanceof TemplateFailure) found.push('');
    }
  }
  if (template) cli.stdout.write(found.map(text => `${text}\n`).join(''));
  else cli.print(format === 'json' ? compactJson(`[${found.join(',')}]`) : indent(found));
  if (errors.length > 0) throw new CliError(errors.join('\n'));
}

function indent(found: string[]): string {
  return found.length === 0 ? '[]' : reindentJson(`[${found.join(',')}]`, '    ');
}

function compile(format: string): Template {
  try {
    return compileTemplate(format);
  } catch (error) {
    throw new CliError(`template parsing error: ${(error as Error).message}`);
  }
}

class TemplateFailure extends Error {}

/**
 * First with the fields an object of its kind may have, present or not, then with those that are there: so an optional
 * field can be asked about, and an unknown one is an error.
 */
function render(template: Template, json: string): string {
  const data = parseExactJson(json);
  try {
    return template.execute(data, {missing: missingField});
  } catch {
    try {
      return template.execute(data, {missing: missingKey});
    } catch (error) {
      throw new TemplateFailure(`template parsing error: ${(error as Error).message}`);
    }
  }
}

/** `--format` for a single object. */
import {compileTemplate, goJson, type Template} from '@longshore/term';
import {CliError} from '../command/errors.ts';

/** The text of an object, with a newline. `spellings` maps names in templates to names in JSON. */
export function formatObject(object: object, format: string, spellings: Record<string, string> = {}): string {
  if (format === 'json') return `${goJson(object)}\n`;
  const template = compile(format);
  const missing = (map: Record<string, unknown>, name: string) => {
    const spelling = Object.hasOwn(spellings, name) ? spellings[name]! : name;
    if (Object.hasOwn(map, spelling)) return map[spelling];
    throw new Error(`can't evaluate field ${name}`);
  };
  try {
    return `${template.execute(object, {missing})}\n`;
  } catch (error) {
    throw new CliError((error as Error).message);
  }
}

function compile(format: string): Template {
  try {
    return compileTemplate(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
  } catch (error) {
    throw new CliError(`template parsing error: ${(error as Error).message}`, 64);
  }
}

/** Words of Dockerfile instructions: quotes and backslashes go, variables become their values. */

type Variables = ReadonlyMap<string, string>;

/** `environment` has the form of an image's `Env`. Names that are not in it are empty. */
export function expandWord(word: string, environment: readonly string[]): string {
  const variables = new Map(environment.map(each => [each.split('=')[0] ?? '', each.slice(each.indexOf('=') + 1)]));
  return expand(word, variables);
}

/** Pieces of a word, in the order in which they are tried. */
const piece =
  /'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\[\s\S])*)"|\\(?<escaped>[\s\S])|\$\{(?<name>\w+)(?::(?<how>[-+])(?<other>[^}]*))?\}|\$(?<bare>[A-Za-z_]\w*)/g;

function expand(word: string, variables: Variables): string {
  return word.replace(piece, (...match) => {
    const {single, double, escaped, name, how, other, bare} = match.at(-1) as Record<string, string | undefined>;
    if (single !== undefined) return single;
    if (double !== undefined) return expandQuoted(double, variables);
    if (escaped !== undefined) return escaped;
    const value = variables.get(name ?? bare ?? '') ?? '';
    if (how === '-') return value === '' ? expand(other ?? '', variables) : value;
    if (how === '+') return value === '' ? '' : expand(other ?? '', variables);
    return value;
  });
}

/** Between double quotes only a few characters can be escaped, and single quotes are nothing special. */
function expandQuoted(text: string, variables: Variables): string {
  return text
    .split(/(\\["\\$])/)
    .map((part, index) => (index % 2 === 1 ? part.slice(1) : expandPlain(part, variables)))
    .join('');
}

function expandPlain(text: string, variables: Variables): string {
  return text.replace(/\$\{\w+(?::[-+][^}]*)?\}|\$[A-Za-z_]\w*/g, variable => expand(variable, variables));
}

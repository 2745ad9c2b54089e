/**
 * Go's regular expressions (RE2 syntax) as JavaScript ones. The two agree on nearly everything that filters use; what
 * differs in spelling is rewritten, what JavaScript has and RE2 has not is refused.
 */

const classes: Record<string, string> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Throws SyntaxError when the pattern is not valid RE2. */
export function compileRegularExpression(pattern: string): RegExp {
  let flags = 'u';
  const lead = /^\(\?([ims]+)\)/.exec(pattern);
  for (const flag of new Set(lead?.[1] ?? '')) flags += flag;
  const body = pattern.slice(lead?.[0].length ?? 0);
  if (/\(\?(?:[=!]|<[=!])/.test(body) || /\\[1-9]/.test(body))
    throw new SyntaxError('invalid or unsupported Perl syntax');
  return new RegExp(rewrite(body), flags);
}

function rewrite(body: string): string {
  return body
    .replace(/\\Q([\s\S]*?)(?:\\E|$)/g, (_all, text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .replaceAll('(?P<', '(?<')
    .replace(/\[:(\^?)(\w+):\]/g, (all, not: string, name: string) => {
      const set = classes[name];
      if (set === undefined || not) throw new SyntaxError(`invalid character class range: ${all}`);
      return set;
    })
    .replaceAll('\\A', '(?<![\\s\\S])')
    .replaceAll('\\z', '(?![\\s\\S])')
    .replace(/\\([^\w\s])/g, (all, char: string) =>
      '^$\\.*+?()[]{}|/-'.includes(char) ? (char === '-' ? '\\x2d' : all) : char,
    );
}

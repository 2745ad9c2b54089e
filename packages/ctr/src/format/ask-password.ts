/** Reads a line from standard input that a terminal does not show. */
export async function askPassword(question: string): Promise<string> {
  const {stdin, stderr} = process;
  if (stdin.isTTY) {
    stderr.write(question);
    stdin.setRawMode(true);
  }
  try {
    return await readLine();
  } finally {
    if (stdin.isTTY) {
      stdin.setRawMode(false);
      stderr.write('\n');
    }
    stdin.pause();
  }
}

async function readLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.iterator({destroyOnReturn: false})) {
    for (const character of chunk.toString()) {
      if (character === '\r' || character === '\n') return text;
      if (character === '\x03') throw new Error('interrupted');
      text = character === '\x7f' || character === '\b' ? text.slice(0, -1) : text + character;
    }
  }
  return text;
}

/** Asks the user for a line of text. */
import type {Cli} from '../cli.ts';

/** The answer without its line end; what was typed so far when the input ends. */
export async function ask(cli: Cli, question: string): Promise<string> {
  cli.stdout.write(question);
  return (await readLine(cli)).trim();
}

/** As `ask`, but what is typed is not shown. */
export async function askSecret(cli: Cli, question: string): Promise<string> {
  const {hideInput} = await import('./raw-mode.ts');
  cli.stdout.write(question);
  using _hidden = cli.stdin.isTTY ? hideInput(cli.stdin) : undefined;
  const answer = await readLine(cli);
  cli.stdout.write('\n');
  return answer;
}

/** All input up to its end, without the last line end. */
export async function readAll(cli: Cli): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of cli.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '');
}

/** Reads no further than the line, so that what follows is left for the next question. */
export function readLine(cli: Cli): Promise<string> {
  const {stdin} = cli;
  return new Promise(resolve => {
    let text = '';
    const finish = (line: string) => {
      stdin.off('data', onData).off('end', onEnd).pause();
      resolve(line);
    };
    const onEnd = () => finish(text);
    const onData = (chunk: Buffer) => {
      text += chunk.toString();
      const at = text.indexOf('\n');
      if (at < 0) return;
      if (at + 1 < text.length) stdin.unshift(Buffer.from(text.slice(at + 1)));
      finish(text.slice(0, at).replace(/\r$/, ''));
    };
    stdin.on('data', onData).on('end', onEnd);
  });
}

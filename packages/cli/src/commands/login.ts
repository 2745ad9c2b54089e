import type {AuthConfig, AuthResponse} from '@longshore/api/engine';
import type {Cli} from '../cli.ts';
import {saveConfigFile} from '../client/config-file.ts';
import {helperFor, hubServer, loadCredentials, runHelper, serverOf} from '../client/registry-auth.ts';
import {DockerCommand, type Input} from '../command/docker-command.ts';
import {CliError} from '../command/errors.ts';
import {type FlagSpecs, flag} from '../command/flags.ts';
import {atMost} from '../command/positional.ts';
import {ask, askSecret, readAll} from '../streams/ask.ts';

const flags = {
  password: flag.string('Password or Personal Access Token (PAT)', {char: 'p'}),
  'password-stdin': flag.bool('Take the Password or Personal Access Token (PAT) from stdin'),
  username: flag.string('Username', {char: 'u'}),
} satisfies FlagSpecs;

export default class Login extends DockerCommand<typeof flags> {
  static override summary = 'Authenticate to a registry';
  static override description = 'Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.';
  static override flags = flags;
  static override tail = '[OPTIONS] [SERVER]';
  static override positional = atMost(1);

  async execute(input: Input<typeof flags>) {
    const {
      cli,
      args: [given = ''],
    } = input;
    const server = given === '' ? hubServer : serverOf(given.replace(/^https?:\/\//, '').replace(/\/$/, ''));
    const auth = await credentials(input, server);
    const {IdentityToken, Status} = await cli.client.post<AuthResponse>('/auth', {json: auth});
    const stored: AuthConfig = IdentityToken ? {...auth, password: '', identitytoken: IdentityToken} : auth;
    await store(cli, server, stored);
    if (Status) cli.print(Status);
  }
}

async function credentials({cli, flags: values}: Input<typeof flags>, server: string): Promise<AuthConfig> {
  const {password, username} = values;
  const fromStdin = values['password-stdin'];
  if (password) {
    cli.warn('WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
    if (fromStdin) throw new CliError('--password and --password-stdin are mutually exclusive');
  }
  if (fromStdin && !username) throw new CliError('Must provide --username with --password-stdin');
  if (!username && !password) {
    const known = await loadCredentials(cli, server);
    if ((known.username && known.password) || known.identitytoken) {
      cli.print('Authenticating with existing credentials...');
      return {...known, serveraddress: server};
    }
  }
  if (!cli.stdin.isTTY && !(username && (password || fromStdin))) {
    throw new CliError('Error: Cannot perform an interactive login from a non TTY device');
  }
  const name = username || (await ask(cli, 'Username: '));
  if (name === '') throw new CliError('Error: Non-null Username Required');
  const secret = password || (fromStdin ? await readAll(cli) : await askSecret(cli, 'Password: '));
  if (secret === '') throw new CliError('Error: Password Required');
  return {username: name, password: secret, serveraddress: server};
}

async function store(cli: Cli, server: string, auth: AuthConfig): Promise<void> {
  const helper = helperFor(cli.config, server);
  if (helper) {
    const secret = auth.identitytoken
      ? {Username: '<token>', Secret: auth.identitytoken}
      : {Username: auth.username, Secret: auth.password};
    await runHelper(helper, 'store', JSON.stringify({ServerURL: server, ...secret}));
    return;
  }
  const encoded = Buffer.from(`${auth.username ?? ''}:${auth.password ?? ''}`).toString('base64');
  const entry = {auth: encoded, ...(auth.identitytoken && {identitytoken: auth.identitytoken})};
  saveConfigFile(cli.configDirectory, {...cli.config, auths: {...cli.config.auths, [server]: entry}});
  const path = `${cli.configDirectory}/config.json`;
  cli.warn(
    `\nWARNING! Your credentials are stored unencrypted in '${path}'.\n` +
      'Configure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n',
  );
}

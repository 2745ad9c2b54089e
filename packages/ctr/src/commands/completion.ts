import type {Leaf} from '../command/command.ts';
import {requireArgument} from '../command/dispatch.ts';
import {UsageError} from '../command/errors.ts';

/** They ask `ctr __complete WORDS…` for candidates, a line each: the name, and what it is after a tab. */
const scripts: Record<string, string> = {
  bash: `# bash completion for ctr: source <(ctr completion bash)
_ctr_complete() {
  local candidates IFS=$'\\n'
  COMPREPLY=()
  candidates=$("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  if [ -z "$candidates" ]; then
    compopt -o default 2>/dev/null
    return
  fi
  COMPREPLY=($(compgen -W "$(cut -f1 <<<"$candidates")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _ctr_complete ctr
`,
  zsh: `#compdef ctr
_ctr() {
  local -a candidates
  local line description
  while IFS=$'\\t' read -r line description; do
    candidates+=("\${line//:/\\\\:}\${description:+:$description}")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then
    _describe 'ctr' candidates
  else
    _files
  fi
}
compdef _ctr ctr
`,
  fish: `# fish completion for ctr: ctr completion fish | source
function __ctr_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c ctr -f -a '(__ctr_complete)'
`,
};

const leaf: Leaf = {
  usage: 'bash | zsh | fish',
  flags: [],
  async run({args, print}) {
    const shell = requireArgument(args, 0, 'a shell must be provided');
    const script = scripts[shell];
    if (!script) throw new UsageError(`no completion for "${shell}": bash, zsh and fish have one`, false);
    print(script);
  },
};
export default leaf;

/**
 * Completion scripts. They ask `docker __complete WORDS…` for candidates, a line each, so that they know names of
 * containers, images and the like without knowing any command.
 */

const bash = `# bash completion for docker
_docker_complete() {
  local candidates
  COMPREPLY=()
  candidates=$("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  if [ -z "$candidates" ]; then
    compopt -o default 2>/dev/null
    return
  fi
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(cut -f1 <<<"$candidates")" -- "\${COMP_WORDS[COMP_CWORD]}"))
  case "\${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _docker_complete docker
`;

const zsh = `#compdef docker
_docker() {
  local -a candidates
  local line
  while IFS=$'\\t' read -r line description; do
    candidates+=("\${line//:/\\\\:}\${description:+:$description}")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then
    _describe 'docker' candidates
  else
    _files
  fi
}
compdef _docker docker
`;

const fish = `# fish completion for docker
function __docker_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c docker -f -a '(__docker_complete)'
`;

const scripts: Record<string, string> = {bash, zsh, fish};

export function completionScript(shell: string): string {
  return scripts[shell] ?? '';
}

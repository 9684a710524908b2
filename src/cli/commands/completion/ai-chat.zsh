#compdef ai-chat
# zsh completion for ai-chat. In ~/.zshrc, after compinit:  source <(ai-chat completion zsh)

_ai_chat() {
  emulate -L zsh
  local kind value about
  local -a values abouts shown
  local -i width=0 i

  {
    IFS= read -r kind
    while IFS=$'\t' read -r value about; do
      values+=("$value")
      abouts+=("$about")
      (( ${#value} > width )) && width=${#value}
    done
  } < <(command ai-chat __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)

  if [[ $kind == folders ]]; then
    compset -P '--*='
    _path_files -/
    return
  fi
  if [[ $kind == files ]]; then
    compset -P '--*='
    _path_files
    return
  fi
  (( $#values )) || return 1
  for (( i = 1; i <= $#values; i++ )); do
    shown+=("${(r:width:)values[i]}${abouts[i]:+  $abouts[i]}")
  done
  compadd -V ai-chat -l -d shown -a values
}

if [[ ${funcstack[1]} == _ai_chat ]]; then
  _ai_chat "$@"
else
  (( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
  compdef _ai_chat ai-chat
fi

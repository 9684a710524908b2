# bash completion for ai-chat. In ~/.bashrc:  source <(ai-chat completion bash)

_ai_chat() {
  local i word gap end rest=$COMP_LINE cur prev trim= before char kind value about width=0
  local -a words=() abouts=()
  COMPREPLY=()

  # bash also splits words at : and =. Parts without a space between them are joined here.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -n $word ]]; then
      gap=${rest%%"$word"*}
      rest=${rest:${#gap}+${#word}}
      end=$((${#COMP_LINE} - ${#rest}))
      ((i == COMP_CWORD && end > COMP_POINT)) && word=${word:0:${#word}-(end-COMP_POINT)}
    else
      gap=" "
      [[ ${COMP_LINE:0:COMP_POINT} == *[!\ ] ]] && gap=
    fi
    if [[ -z $gap && ${#words[@]} -gt 0 ]]; then
      words[${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
  done
  cur=${words[${#words[@]}-1]}
  prev=
  ((${#words[@]} > 1)) && prev=${words[${#words[@]}-2]}

  if [[ $prev == *[\<\>] ]]; then
    compopt -o default 2>/dev/null
    return
  fi

  # bash replaces only the text after the last of these characters.
  for char in : =; do
    [[ $COMP_WORDBREAKS == *$char* && $cur == *$char* ]] || continue
    before=${cur%"${cur##*$char}"}
    ((${#before} > ${#trim})) && trim=$before
  done

  {
    IFS= read -r kind
    while IFS=$'\t' read -r value about; do
      [[ $value == "$cur"* ]] || continue
      value=${value:${#trim}}
      COMPREPLY+=("$value")
      abouts+=("$about")
      ((${#value} > width)) && width=${#value}
    done
  } < <(command ai-chat __complete "${words[@]:1}" 2>/dev/null)

  if [[ $kind == folders ]]; then
    compopt -o dirnames 2>/dev/null
    return
  fi
  if [[ $kind == files ]]; then
    compopt -o default 2>/dev/null
    return
  fi

  # Descriptions are shown only in lists; otherwise bash inserts the text, so it must be the value alone.
  if [[ ${#COMPREPLY[@]} -gt 1 && $COMP_TYPE =~ ^(33|63|64)$ ]]; then
    for i in "${!COMPREPLY[@]}"; do
      [[ -n ${abouts[i]} ]] || continue
      printf -v value '%-*s  %s' "$width" "${COMPREPLY[i]}" "${abouts[i]}"
      COMPREPLY[i]=${value:0:${COLUMNS:-80}-1}
    done
  fi
}

complete -o nosort -F _ai_chat ai-chat 2>/dev/null || complete -F _ai_chat ai-chat

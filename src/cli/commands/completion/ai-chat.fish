# fish completion for ai-chat. Once:  ai-chat completion fish > ~/.config/fish/completions/ai-chat.fish

function __ai_chat_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (command ai-chat __complete $words[2..] "$current" 2>/dev/null)
    if test "$lines[1]" = folders
        set -l flag (string match -r -- '^--[^=]*=' "$current")
        for folder in (__fish_complete_directories (string replace -- "$flag" '' "$current") '')
            printf '%s%s\n' "$flag" "$folder"
        end
    else if test "$lines[1]" = files
        set -l flag (string match -r -- '^--[^=]*=' "$current")
        for file in (__fish_complete_path (string replace -- "$flag" '' "$current") '')
            printf '%s%s\n' "$flag" "$file"
        end
    else if test (count $lines) -gt 1
        printf '%s\n' $lines[2..]
    end
end

complete -c ai-chat -e
complete -c ai-chat -k -f -a '(__ai_chat_complete)'

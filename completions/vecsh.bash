# bash completion for vecsh; made by scripts/generate.
_vecsh_take() {
    local line
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$@" -- "$current")
}
_vecsh() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    COMPREPLY=()
    # Bash cuts --format=json at the sign.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
    case $previous in
        --format)
            _vecsh_take -W 'table vertical json jsonl csv'
            return ;;
        --color)
            _vecsh_take -W 'auto always never'
            return ;;
        --progress)
            _vecsh_take -W 'auto bar plain json off'
            return ;;
        --errors)
            _vecsh_take -W 'text json'
            return ;;
        -f|--file|--log)
            _vecsh_take -f
            return ;;
        -c|--command|-v|--set|--profile|--step|--from-step|--max-duration|--complete|--at|--hint)
            return ;;
    esac
    if [[ $current == -* ]]; then
        _vecsh_take -W '-c --command -f --file -v --set --profile -n --dry-run -y --yes --check --format -q --quiet --no-rc --no-history --color --progress --log --errors --agent --step --from-step --max-duration --complete --at --hint -h --help -V --version'
    else
        _vecsh_take -f -X '!*.vsh'
        _vecsh_take -f -X '!*.md'
        _vecsh_take -d
    fi
}
complete -o filenames -F _vecsh vecsh

/// Completion of the program's own command line, for the shells that people call it from.
package enum ShellCompletions {
    package struct Flag: Sendable {
        package var names: [String]
        /// What stands behind it, if anything does.
        package var value: String?
        package var choices: [String]
        package var summary: String

        package init(_ names: [String], value: String? = nil, choices: [String] = [], _ summary: String) {
            self.names = names
            self.value = value
            self.choices = choices
            self.summary = summary
        }

        package var usage: String { names.joined(separator: ", ") + (value.map { " \($0)" } ?? "") }

        var isRepeated: Bool { ["-c", "-f", "-v"].contains(names[0]) }

        /// Whether a path stands behind it.
        var takesFile: Bool { value?.contains("FILE") == true }
    }

    package static func bash(_ flags: [Flag]) -> String {
        let choices = flags.filter { !$0.choices.isEmpty }.map { flag in
            "        \(flag.names.joined(separator: "|")))\n            _vecsh_take -W '\(flag.choices.joined(separator: " "))'\n"
                + "            return ;;"
        }
        let files = flags.filter(\.takesFile).flatMap(\.names).joined(separator: "|")
        let taking = flags.filter { $0.value != nil && $0.choices.isEmpty && !$0.takesFile }.flatMap(\.names)
        return """
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
            \(choices.joined(separator: "\n"))
                    \(files))
                        _vecsh_take -f
                        return ;;
                    \(taking.joined(separator: "|")))
                        return ;;
                esac
                if [[ $current == -* ]]; then
                    _vecsh_take -W '\(flags.flatMap(\.names).joined(separator: " "))'
                else
                    _vecsh_take -f -X '!*.vsh'
                    _vecsh_take -f -X '!*.md'
                    _vecsh_take -d
                fi
            }
            complete -o filenames -F _vecsh vecsh

            """
    }

    package static func zsh(_ flags: [Flag]) -> String {
        let lines = flags.flatMap { flag in
            flag.names.map { name -> String in
                let text = flag.summary.replacing("'", with: "'\\''").replacing("[", with: "(").replacing(
                    "]", with: ")")
                let action =
                    flag.choices.isEmpty
                    ? flag.takesFile ? "_files" : " " : "(\(flag.choices.joined(separator: " ")))"
                let value = flag.value.map { ":\($0.lowercased()):\(action)" } ?? ""
                let many = flag.isRepeated ? "*" : ""
                let sign = flag.value != nil && name.hasPrefix("--") ? "=" : ""
                return "    '\(many)\(name)\(sign)[\(text)]\(value)'"
            }
        }
        return """
            #compdef vecsh
            # zsh completion for vecsh; made by scripts/generate.
            _arguments -s \\
            \((lines + ["    '*:script:_files -g \"*.(vsh|md)\"'"]).joined(separator: " \\\n"))

            """
    }

    package static func fish(_ flags: [Flag]) -> String {
        let lines = flags.map { flag -> String in
            let names = flag.names.map { $0.hasPrefix("--") ? "-l \($0.dropFirst(2))" : "-s \($0.dropFirst())" }
            let value = flag.value == nil ? "" : flag.takesFile ? " -r -F" : " -x"
            let choices = flag.choices.isEmpty ? "" : " -a '\(flag.choices.joined(separator: " "))'"
            let text = flag.summary.replacing("'", with: "\\'")
            return "complete -c vecsh \(names.joined(separator: " "))\(value)\(choices) -d '\(text)'"
        }
        return (["# fish completion for vecsh; made by scripts/generate."] + lines).joined(separator: "\n") + "\n"
    }
}
